"""What every compute platform of the local world has: images, instances as real processes, health checks and logs."""
