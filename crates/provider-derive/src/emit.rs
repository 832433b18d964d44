//! From the model to Rust.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::Lit;

use crate::parse::{Declaration, Field, Kind, Role};

pub(crate) fn emit(d: &Declaration) -> TokenStream {
    let Declaration { ident, doc, name, version, .. } = d;
    let legacy = !d.framework;
    let fields = d.fields.iter().map(|f| declared(f, d));
    let from = d.fields.iter().map(|f| {
        let (ident, key) = (&f.ident, key(f));
        quote!(#ident: ::sdt_provider::field(value, #key)?)
    });
    let to = d.fields.iter().map(|f| {
        let (ident, key) = (&f.ident, key(f));
        quote!((#key, ::sdt_provider::ToValue::to_value(&self.#ident)))
    });
    let names = d.fields.iter().map(|f| {
        let constant = format_ident!("{}", f.name.to_uppercase());
        let name = &f.name;
        let doc = format!("Name of `{name}`.");
        quote! {
            #[doc = #doc]
            #[allow(dead_code)]
            pub const #constant: ::sdt_provider::Name = ::sdt_provider::Name(#name);
        }
    });
    let tagged = d.fields.iter().any(|f| f.role == Role::Tags);
    let timeouts = d.timeouts.iter().map(|(operation, default)| quote!((#operation, #default)));
    let described = (d.kind != Kind::Block).then(|| {
        quote! {
            impl ::sdt_provider::Described for #ident {
                const META: &'static ::sdt_provider::Meta = &::sdt_provider::Meta {
                    name: #name,
                    version: #version,
                    legacy: #legacy,
                    tagged: #tagged,
                    timeouts: &[#(#timeouts),*],
                    decl: <Self as ::sdt_provider::Declared>::DECL,
                };
            }
        }
    });
    quote! {
        impl ::sdt_provider::Declared for #ident {
            const DECL: &'static ::sdt_provider::Decl = &::sdt_provider::Decl { doc: #doc, fields: &[#(#fields),*] };
        }

        impl ::sdt_provider::FromValue for #ident {
            fn from_value(value: &::sdt_provider::Value) -> ::std::result::Result<Self, ::sdt_provider::Misfit> {
                let value = ::sdt_provider::only(value);
                Ok(Self { #(#from),* })
            }

            fn absent(value: &::sdt_provider::Value) -> bool {
                ::sdt_provider::no_block(value)
            }
        }

        impl ::sdt_provider::ToValue for #ident {
            fn to_value(&self) -> ::sdt_provider::Value {
                // The type is named for blocks without fields.
                let members: ::std::vec::Vec<(&str, ::sdt_provider::Value)> = ::std::vec![#(#to),*];
                ::sdt_provider::Value::object(members)
            }
        }

        impl #ident {
            #(#names)*
        }

        #described
    }
}

/// Where the struct's field is in the object: all tags are in `tags_all`.
fn key(f: &Field) -> &str {
    if f.role == Role::Tags { "tags_all" } else { &f.name }
}

fn declared(f: &Field, d: &Declaration) -> TokenStream {
    let Field { name, doc, content, required, optional, computed, keys, .. } = f;
    match f.role {
        // The older SDK gives every type an `id` that may be set and is not looked at.
        Role::Id => {
            let optional = !d.framework || d.kind == Kind::Data && keys.has("optional");
            return quote!(::sdt_provider::Field {
                name: "id", doc: "Id of the object.", optional: #optional, computed: true, ..::sdt_provider::NOTHING
            });
        }
        Role::Tags => {
            let legacy = !d.framework;
            return quote! {
                ::sdt_provider::Field {
                    name: "tags", doc: #doc, optional: true,
                    content: ::sdt_provider::Content::Attr(::sdt_provider::Ty::Map(&::sdt_provider::Ty::Str)),
                    ..::sdt_provider::NOTHING
                },
                ::sdt_provider::Field {
                    name: "tags_all", doc: "Tags of the object, the provider's default tags included.",
                    content: ::sdt_provider::Content::Attr(::sdt_provider::Ty::Map(&::sdt_provider::Ty::Str)),
                    optional: #legacy, computed: true,
                    ..::sdt_provider::NOTHING
                }
            };
        }
        Role::Plain => {}
    }
    let flags =
        ["force_new", "sensitive", "write_only", "carry", "keep_null", "as_read", "moving", "lasting", "any_case"]
            .into_iter()
            .filter(|flag| keys.has(flag));
    let flags = flags.map(|flag| {
        let flag = format_ident!("{flag}");
        quote!(#flag: true,)
    });
    let default = keys.default.as_ref().map(|lit| {
        let minus = keys.negative.then(|| quote!(-));
        let lit = match lit {
            Lit::Str(s) => quote!(Str(#s)),
            Lit::Bool(b) => quote!(Bool(#b)),
            Lit::Float(x) => quote!(Float(#minus #x)),
            other => quote!(Int(#minus #other)),
        };
        quote!(default: Some(::sdt_provider::Lit::#lit),)
    });
    let deprecated = keys.deprecated.as_ref().map(|why| quote!(deprecated: Some(#why),));
    let same = keys.same.as_ref().map(|path| quote!(same: Some(#path),));
    let form = keys.form.as_ref().map(|path| quote!(form: Some(#path),));
    let json = keys.json.then(|| quote!(json: true,));
    let checks = &keys.checks;
    let checks = (!checks.is_empty()).then(|| quote!(checks: &[#(#checks),*],));
    let lists = keys.lists.iter().map(|(key, names)| quote!(#key: &[#(#names),*],));
    quote! {
        ::sdt_provider::Field {
            name: #name,
            doc: #doc,
            content: #content,
            required: #required,
            optional: #optional,
            computed: #computed,
            #(#flags)* #default #deprecated #same #form #json #checks #(#lists)*
            ..::sdt_provider::NOTHING
        }
    }
}
