# Settings of the database that every environment has; the variable `parameters` adds to them.

locals {
  parameters = {
    # Connections without TLS are refused.
    "rds.force_ssl" = "1"
    # What takes longer than a second is logged.
    "log_min_duration_statement" = "1000"
    "log_connections"            = "1"
    "log_disconnections"         = "1"
    "log_lock_waits"             = "1"
    # Statistics of statements, for finding slow ones.
    "shared_preload_libraries" = "pg_stat_statements"
    "pg_stat_statements.track" = "all"
  }

  # Only a restart makes these count.
  static_parameters = ["shared_preload_libraries", "max_connections", "shared_buffers", "wal_buffers", "max_worker_processes"]
}
