"""The local world: an AWS endpoint, an ansari-backend and a Meta on one machine, for `just reconcile local`."""
