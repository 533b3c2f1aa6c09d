"""What each group of resources needs: one file for each heading of a plan."""
