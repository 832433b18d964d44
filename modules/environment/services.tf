# The catalogue: every service of the Skills Development Tracker, and what it has beyond the defaults.
#
#   step          place in the start order, 4 unless said otherwise
#   cpu, memory   Fargate size, 256 units and 512 MB unless said otherwise
#   fixed         does not scale
#   spot          may be interrupted, where the environment allows it
#   database      whether it gets the connection to PostgreSQL
#   data          which of MongoDB, Redis and RabbitMQ it gets the connection to
#   volumes       access points of the file system, by where they are mounted
#   environment   further variables

locals {
  catalogue = {
    config    = { port = 8081, step = 1, fixed = true }
    discovery = { port = 8082, step = 2, fixed = true }
    gateway   = { port = 8080, step = 3, cpu = 512, memory = 1024, data = ["redis"] }

    user         = { port = 8083, database = true, data = ["redis"] }
    task         = { port = 8084, database = true, data = ["rabbitmq"] }
    payment      = { port = 8085, database = true, data = ["rabbitmq"] }
    practice     = { port = 8086, database = true, spot = true, data = ["mongodb"] }
    feedback     = { port = 8087, database = true, spot = true, data = ["mongodb"] }
    analytics    = { port = 8088, database = true, spot = true, cpu = 512, memory = 2048, data = ["mongodb", "rabbitmq"] }
    gamification = { port = 8089, database = true, spot = true, data = ["redis", "rabbitmq"] }
    notification = { port = 8090, database = true, spot = true, data = ["rabbitmq"] }
    auth         = { port = 8091, database = true, data = ["redis"] }
    content      = { port = 8092, database = true, data = ["mongodb"], volumes = { content = "/var/lib/sdt/content" } }
    submission   = { port = 8093, database = true, data = ["rabbitmq"], volumes = { submissions = "/var/lib/sdt/submissions" } }

    # Runs what learners hand in: no database, and only the folder of the submissions.
    sandbox-runner = {
      port        = 8094
      cpu         = 1024
      memory      = 2048
      spot        = true
      data        = ["rabbitmq"]
      volumes     = { submissions = "/var/lib/sdt/submissions" }
      environment = { SANDBOX_TIME_LIMIT_S = "30" }
    }
  }

  # What visitors reach: the gateway, and beside it what must not wait behind it.
  targets = {
    gateway = { port = local.catalogue.gateway.port }
    auth    = { port = local.catalogue.auth.port, paths = ["/oauth2/*", "/.well-known/*"], priority = 50 }
  }

  folders       = toset(flatten([for service in local.catalogue : keys(try(service.volumes, {}))]))
  data_services = toset(["mongodb", "redis", "rabbitmq"])

  database_secrets = {
    for name, key in { DB_HOST = "host", DB_PORT = "port", DB_NAME = "dbname", DB_USER = "username", DB_PASSWORD = "password" } :
    name => "${module.rds.secret_arn}:${key}::"
  }

  # Host, port and user as plain variables, the password from the secret.
  data_environment = {
    for name, endpoint in module.data_services.endpoints : name => {
      "${upper(name)}_HOST" = endpoint.host
      "${upper(name)}_PORT" = tostring(endpoint.port)
    }
  }
  data_secrets = {
    for name in local.data_services : name => merge(
      { "${upper(name)}_PASSWORD" = "${module.data_services.secret_arn}:${name}_password::" },
      name == "redis" ? {} : { "${upper(name)}_USER" = "${module.data_services.secret_arn}:username::" },
    )
  }

  services = {
    for name, service in local.catalogue : name => {
      image     = "${var.image_registry}/${name}:${var.image_tag}"
      port      = service.port
      step      = try(service.step, 4)
      cpu       = try(service.cpu, 256)
      memory    = try(service.memory, 512)
      tasks     = var.tasks
      max_tasks = try(service.fixed, false) ? 0 : var.max_tasks
      spot      = var.spot && try(service.spot, false)

      environment = merge(
        { SPRING_PROFILES_ACTIVE = var.environment },
        merge([for data in try(service.data, []) : local.data_environment[data]]...),
        try(service.environment, {}),
      )
      secrets = merge(
        { for name, source in local.database_secrets : name => source if try(service.database, false) },
        merge([for data in try(service.data, []) : local.data_secrets[data]]...),
      )

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
