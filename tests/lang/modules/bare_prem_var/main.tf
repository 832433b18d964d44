resource "terraform_data" "a" {
 lifecycle {
 precondition {
 condition = path.module == 1
 error_message = "bad ${var}"
 }
 }
}
