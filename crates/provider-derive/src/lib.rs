//! Derives that turn a struct into the declaration of a resource type, block or data source.
//!
//! They only write data (`sdt_provider::Decl`) and field-by-field conversion; every rule is in `sdt-provider`.
//! `docs/adding-a-resource-type.md` lists the keys.

mod emit;
mod parse;

use proc_macro::TokenStream;

/// Declares a managed resource type: `#[resource(name = "aws_vpc", version = 1, timeouts(create = "10m"))]`.
#[proc_macro_derive(Resource, attributes(resource, attr))]
pub fn derive_resource(input: TokenStream) -> TokenStream {
    expand(input, parse::Kind::Resource)
}

/// Declares a data source: `#[data(name = "aws_region")]`.
#[proc_macro_derive(DataSource, attributes(data, attr))]
pub fn derive_data_source(input: TokenStream) -> TokenStream {
    expand(input, parse::Kind::Data)
}

/// Declares a nested block or object.
#[proc_macro_derive(Block, attributes(attr))]
pub fn derive_block(input: TokenStream) -> TokenStream {
    expand(input, parse::Kind::Block)
}

fn expand(input: TokenStream, kind: parse::Kind) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    parse::declaration(&input, kind).map(|d| emit::emit(&d)).unwrap_or_else(|e| e.to_compile_error()).into()
}
