variable "v" {
  type = object({ a = optional(string, "y"), b = optional(number) })
}
