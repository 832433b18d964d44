locals {
 z = [terraform]
}