# The catalogue: every service of the Skills Development Tracker, and what it has beyond the defaults.
#
#   cpu, memory   Fargate size, 256 units and 512 MB unless said otherwise
#   database      whether it gets the connection to PostgreSQL
#   volumes       access points of the file system, by where they are mounted
#   environment   further variables

locals {
  catalogue = {
    config    = { port = 8081 }
    discovery = { port = 8082 }
    gateway   = { port = 8080, cpu = 512, memory = 1024 }

    user         = { port = 8083, database = true }
    task         = { port = 8084, database = true }
    payment      = { port = 8085, database = true }
    practice     = { port = 8086, database = true }
    feedback     = { port = 8087, database = true }
    analytics    = { port = 8088, database = true, cpu = 512, memory = 2048 }
    gamification = { port = 8089, database = true }
    notification = { port = 8090, database = true }
    auth         = { port = 8091, database = true }
    content      = { port = 8092, database = true, volumes = { content = "/var/lib/sdt/content" } }
    submission   = { port = 8093, database = true, volumes = { submissions = "/var/lib/sdt/submissions" } }

    # Runs what learners hand in: no database, and only the folder of the submissions.
    sandbox-runner = {
      port        = 8094
      cpu         = 1024
      memory      = 2048
      volumes     = { submissions = "/var/lib/sdt/submissions" }
      environment = { SANDBOX_TIME_LIMIT_S = "30" }
    }
  }

  folders = toset(flatten([for service in local.catalogue : keys(try(service.volumes, {}))]))

  database_secrets = {
    for name, key in { DB_HOST = "host", DB_PORT = "port", DB_NAME = "dbname", DB_USER = "username", DB_PASSWORD = "password" } :
    name => "${module.rds.secret_arn}:${key}::"
  }

  services = {
    for name, service in local.catalogue : name => {
      image  = "${var.image_registry}/${name}:${var.image_tag}"
      port   = service.port
      cpu    = try(service.cpu, 256)
      memory = try(service.memory, 512)
      count  = var.tasks

      environment = merge({ SPRING_PROFILES_ACTIVE = var.environment }, try(service.environment, {}))
      secrets     = { for name, source in local.database_secrets : name => source if try(service.database, false) }

      volumes = {
        for folder, path in try(service.volumes, {}) : folder => {
          file_system_id   = module.efs.file_system_id
          access_point_id  = module.efs.access_points[folder].id
          access_point_arn = module.efs.access_points[folder].arn
          path             = path
        }
      }
    }
  }
}
