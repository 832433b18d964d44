variable "v" {
default="x"
}
