//! From tokens to a model of the declaration.

use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Expr, Fields, Ident, Lit, LitStr, Result, Token, Type, punctuated::Punctuated};

/// Which derive.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Resource,
    Data,
    Block,
}

/// A struct with its facts.
pub(crate) struct Declaration {
    pub(crate) kind: Kind,
    pub(crate) ident: Ident,
    pub(crate) doc: String,
    pub(crate) name: String,
    pub(crate) version: u64,
    pub(crate) framework: bool,
    pub(crate) timeouts: Vec<(String, String)>,
    pub(crate) fields: Vec<Field>,
}

/// A field with its facts.
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) role: Role,
    pub(crate) content: TokenStream,
    pub(crate) required: bool,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
    pub(crate) keys: Keys,
}

/// What a field is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Id,
    Tags,
}

/// Keys of `#[attr(…)]`.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) flags: Vec<Ident>,
    pub(crate) default: Option<Lit>,
    pub(crate) negative: bool,
    /// A JSON text.
    pub(crate) json: bool,
    pub(crate) deprecated: Option<LitStr>,
    pub(crate) checks: Vec<TokenStream>,
    pub(crate) same: Option<syn::Path>,
    pub(crate) form: Option<syn::Path>,
    pub(crate) lists: Vec<(Ident, Vec<String>)>,
    min: Option<u64>,
    max: Option<u64>,
    name: Option<LitStr>,
}

const FLAGS: [&str; 14] = [
    "force_new",
    "computed",
    "optional",
    "required",
    "sensitive",
    "write_only",
    "carry",
    "keep_null",
    "as_read",
    "moving",
    "lasting",
    "any_case",
    "nested",
    "set",
];
const LISTS: [&str; 5] = ["conflicts_with", "required_with", "exactly_one_of", "at_least_one_of", "invalidates"];

impl Keys {
    pub(crate) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|f| f == flag)
    }
}

pub(crate) fn declaration(input: &DeriveInput, kind: Kind) -> Result<Declaration> {
    let Data::Struct(data) = &input.data else { return Err(Error::new(input.span(), "a declaration is a struct")) };
    let Fields::Named(named) = &data.fields else { return Err(Error::new(input.span(), "fields need names")) };
    let mut out = Declaration {
        kind,
        ident: input.ident.clone(),
        doc: doc(&input.attrs),
        name: String::new(),
        version: 0,
        framework: kind == Kind::Data,
        timeouts: Vec::new(),
        fields: Vec::new(),
    };
    for attr in input.attrs.iter().filter(|a| a.path().is_ident("resource") || a.path().is_ident("data")) {
        attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("name") {
                out.name = meta.value()?.parse::<LitStr>()?.value();
            } else if meta.path.is_ident("version") {
                out.version = meta.value()?.parse::<syn::LitInt>()?.base10_parse()?;
            } else if meta.path.is_ident("framework") {
                out.framework = true;
            } else if meta.path.is_ident("legacy") {
                out.framework = false;
            } else if meta.path.is_ident("timeouts") {
                meta.parse_nested_meta(|t| {
                    let name = t.path.require_ident()?.to_string();
                    let default =
                        if t.input.peek(Token![=]) { t.value()?.parse::<LitStr>()?.value() } else { String::new() };
                    out.timeouts.push((name, default));
                    Ok(())
                })?;
            } else {
                return Err(meta.error("known keys: name, version, framework, legacy, timeouts(…)"));
            }
            Ok(())
        })?;
    }
    if kind != Kind::Block && out.name.is_empty() {
        return Err(Error::new(input.ident.span(), "the type's name is missing: #[resource(name = \"aws_…\")]"));
    }
    for field in &named.named {
        out.fields.push(parse_field(field, kind)?);
    }
    Ok(out)
}

/// The doc comment's first paragraph.
fn doc(attrs: &[syn::Attribute]) -> String {
    let mut lines = Vec::new();
    for attr in attrs.iter().filter(|a| a.path().is_ident("doc")) {
        if let syn::Meta::NameValue(nv) = &attr.meta
            && let Expr::Lit(syn::ExprLit { lit: Lit::Str(s), .. }) = &nv.value
        {
            lines.push(s.value().trim().to_owned());
        }
    }
    lines.into_iter().take_while(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}

fn keys(attrs: &[syn::Attribute]) -> Result<Keys> {
    let mut out = Keys::default();
    for attr in attrs.iter().filter(|a| a.path().is_ident("attr")) {
        attr.parse_nested_meta(|meta| {
            let ident = meta.path.require_ident()?.clone();
            let key = ident.to_string();
            if FLAGS.contains(&key.as_str()) {
                out.flags.push(ident);
            } else if LISTS.contains(&key.as_str()) {
                let content;
                syn::parenthesized!(content in meta.input);
                let names =
                    Punctuated::<Ident, Token![,]>::parse_terminated_with(&content, syn::ext::IdentExt::parse_any)?;
                out.lists.push((ident, names.iter().map(plain).collect()));
            } else {
                match key.as_str() {
                    "default" => {
                        let value = meta.value()?;
                        out.negative = value.parse::<Option<Token![-]>>()?.is_some();
                        out.default = Some(value.parse()?);
                    }
                    "deprecated" => out.deprecated = Some(meta.value()?.parse()?),
                    "same" => out.same = Some(meta.value()?.parse()?),
                    "form" => out.form = Some(meta.value()?.parse()?),
                    "name" => out.name = Some(meta.value()?.parse()?),
                    "min" => out.min = Some(meta.value()?.parse::<syn::LitInt>()?.base10_parse()?),
                    "max" => out.max = Some(meta.value()?.parse::<syn::LitInt>()?.base10_parse()?),
                    "check" => {
                        let path: syn::Path = meta.value()?.parse()?;
                        out.checks.push(quote!(::sdt_provider::Check::Text(#path)));
                    }
                    "one_of" => {
                        let content;
                        syn::parenthesized!(content in meta.input);
                        let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                        out.checks.push(quote!(::sdt_provider::Check::OneOf(&[#names])));
                    }
                    "values_of" => {
                        let content;
                        syn::parenthesized!(content in meta.input);
                        let path: syn::Path = content.parse()?;
                        out.checks.push(quote!(::sdt_provider::Check::Values(#path::values)));
                    }
                    "range" => {
                        let (a, b) = bounds(&meta)?;
                        let a = a.map_or(quote!(None), |a| quote!(Some(#a as f64)));
                        let b = b.map_or(quote!(None), |b| quote!(Some(#b as f64)));
                        out.checks.push(quote!(::sdt_provider::Check::Range(#a, #b)));
                    }
                    "length" => {
                        let (a, b) = bounds(&meta)?;
                        let a = a.map_or(quote!(0), |a| quote!(#a));
                        let b = b.map_or(quote!(None), |b| quote!(Some(#b)));
                        out.checks.push(quote!(::sdt_provider::Check::Length(#a, #b)));
                    }
                    _ => return Err(meta.error("unknown key; docs/adding-a-resource-type.md lists them")),
                }
            }
            Ok(())
        })?;
    }
    Ok(out)
}

/// `(a..=b)`, `(a..)`, `(..=b)`.
fn bounds(meta: &syn::meta::ParseNestedMeta<'_>) -> Result<(Option<Expr>, Option<Expr>)> {
    let content;
    syn::parenthesized!(content in meta.input);
    let expr: Expr = content.parse()?;
    let Expr::Range(range) = expr else { return Err(Error::new(expr.span(), "a range: 1..=5, 1.., ..=5")) };
    Ok((range.start.map(|e| *e), range.end.map(|e| *e)))
}

fn plain(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// The last segment of a type path and its only type argument.
fn parts(ty: &Type) -> Result<(String, Option<&Type>)> {
    let Type::Path(path) = ty else { return Err(Error::new(ty.span(), "a plain type is expected")) };
    let Some(last) = path.path.segments.last() else { return Err(Error::new(ty.span(), "a type is expected")) };
    let inner = match &last.arguments {
        syn::PathArguments::AngleBracketed(args) => args.args.iter().find_map(|a| match a {
            syn::GenericArgument::Type(t) => Some(t),
            _ => None,
        }),
        _ => None,
    };
    Ok((last.ident.to_string(), inner))
}

/// The attribute type, or `None` for a struct.
fn scalar(name: &str) -> Option<TokenStream> {
    Some(match name {
        "String" | "Id" | "Json" => quote!(::sdt_provider::Ty::Str),
        "i64" | "i32" | "f64" => quote!(::sdt_provider::Ty::Num),
        "bool" => quote!(::sdt_provider::Ty::Bool),
        _ => return None,
    })
}

/// The type of an attribute, structs as objects.
fn attr_type(ty: &Type) -> Result<TokenStream> {
    let (name, inner) = parts(ty)?;
    if let Some(t) = scalar(&name) {
        return Ok(t);
    }
    let wrap = match (name.as_str(), inner) {
        ("Option" | "Computed" | "OptComputed", Some(inner)) => return attr_type(inner),
        ("Vec", Some(_)) => quote!(List),
        ("Set", Some(_)) => quote!(Set),
        ("Map", Some(_)) => quote!(Map),
        ("Tags", None) => return Ok(quote!(::sdt_provider::Ty::Map(&::sdt_provider::Ty::Str))),
        _ => return Ok(quote!(::sdt_provider::Ty::Obj(<#ty as ::sdt_provider::Declared>::DECL))),
    };
    let inner = inner.map(attr_type).transpose()?;
    Ok(quote!(::sdt_provider::Ty::#wrap(&#inner)))
}

/// The struct inside a type, when it is a block or collection of blocks.
fn block_of(ty: &Type) -> Result<Option<(&'static str, &Type)>> {
    let (name, inner) = parts(ty)?;
    if scalar(&name).is_some() || name == "Tags" || name == "Map" {
        return Ok(None);
    }
    Ok(match (name.as_str(), inner) {
        ("Vec", Some(inner)) => block_of(inner)?.filter(|(how, _)| *how == "one").map(|(_, t)| ("list", t)),
        ("Set", Some(inner)) => block_of(inner)?.filter(|(how, _)| *how == "one").map(|(_, t)| ("set", t)),
        (_, Some(_)) => None,
        (_, None) => Some(("one", ty)),
    })
}

fn parse_field(field: &syn::Field, kind: Kind) -> Result<Field> {
    let ident = field.ident.clone().ok_or_else(|| Error::new(field.span(), "fields need names"))?;
    let mut keys = keys(&field.attrs)?;
    let (outer, inner) = parts(&field.ty)?;
    let (mode, ty) = match (outer.as_str(), inner) {
        ("Option" | "Computed" | "OptComputed", Some(inner)) => (outer.as_str(), inner),
        _ => ("", &field.ty),
    };
    let (required, mut optional, mut computed) = match mode {
        // What the service never returns is an option to the code, though the configuration must say it.
        "Option" if keys.has("required") => (true, false, false),
        "Option" => (false, true, false),
        "Computed" => (false, false, true),
        "OptComputed" => (false, true, true),
        _ => (keys.default.is_none() && !keys.has("optional") && !keys.has("computed"), keys.default.is_some(), false),
    };
    optional |= keys.has("optional");
    computed |= keys.has("computed");
    let role = match outer.as_str() {
        "Id" if kind != Kind::Block => Role::Id,
        "Tags" if kind == Kind::Resource => Role::Tags,
        _ => Role::Plain,
    };
    if parts(ty)?.0 == "Json" {
        keys.json = true;
        if keys.form.is_none() {
            keys.form = Some(syn::parse_quote!(::sdt_provider::equal::json_form));
        }
        keys.checks.push(quote!(::sdt_provider::Check::Text(::sdt_provider::checks::json)));
        if keys.same.is_none() {
            keys.same = Some(syn::parse_quote!(::sdt_provider::equal::json));
        }
    }
    let block = if keys.has("nested") || mode == "Computed" { None } else { block_of(ty)? };
    let content = match block {
        None => {
            let ty = attr_type(ty)?;
            quote!(::sdt_provider::Content::Attr(#ty))
        }
        Some((how, inner)) => {
            let (min, max) = match how {
                "one" if required || keys.has("required") => (1, 1),
                "one" => (0, 1),
                _ => (0, 0),
            };
            let (min, max) = (keys.min.unwrap_or(min), keys.max.unwrap_or(max));
            let nesting = if how == "set" || keys.has("set") { quote!(Set) } else { quote!(List) };
            quote!(::sdt_provider::Content::Block {
                nesting: ::sdt_provider::Nesting::#nesting,
                min: #min,
                max: #max,
                decl: <#inner as ::sdt_provider::Declared>::DECL,
            })
        }
    };
    let is_block = block.is_some();
    let name = keys.name.as_ref().map_or_else(|| plain(&ident), LitStr::value);
    Ok(Field {
        name,
        doc: doc(&field.attrs),
        role,
        content,
        required: required && !is_block,
        optional: optional && !is_block,
        computed,
        keys,
        ident,
    })
}
