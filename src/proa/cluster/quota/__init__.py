"""What objects use of what a ResourceQuota limits. Pure; admission and the quota controller share it."""
