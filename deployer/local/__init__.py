"""The world on one machine: an AWS endpoint, an ansari-backend and a Meta, for `just reconcile local`."""
