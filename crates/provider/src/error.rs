//! What a service refused, by class: the class decides what happens next and which remedy the user is told.

use crate::api::Complaint;

/// In a complaint's text: the address of the resource instance, which providers do not know.
pub const HERE: &str = "<this address>";

/// Class of a service error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The object is not there. Success for a deletion.
    NotFound,
    /// An object of that name is there already.
    AlreadyExists,
    /// Something else still uses the object.
    InUse,
    /// Too many requests.
    Throttled,
    /// The service or the network failed; the request may be repeated.
    Transient,
    /// The caller may not do this.
    Denied,
    /// There are no usable credentials, or they have expired.
    Credentials,
    /// A quota is used up.
    Quota,
    /// The request is not valid.
    Invalid,
    /// It did not happen in time.
    Timeout,
    /// The user asked to stop.
    Stopped,
    /// It cannot be told what happened.
    Unclear,
    /// Anything else.
    Other,
}

/// A failed operation of a service.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}{}{message}", .code, if .code.is_empty() { "" } else { ": " })]
pub struct Error {
    /// What kind of failure.
    pub class: Class,
    /// The service's own code: `InvalidVpcID.NotFound`; empty when it has none.
    pub code: String,
    /// What the service said.
    pub message: String,
    /// "service:Operation" and the request id, for support.
    pub request: Option<String>,
}

impl Error {
    /// An error of a class.
    #[must_use]
    pub fn new(class: Class, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { class, code: code.into(), message: message.into(), request: None }
    }

    /// The object is not there.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Class::NotFound, "", message)
    }

    /// Anything without a better class.
    #[must_use]
    pub fn other(message: impl Into<String>) -> Self {
        Self::new(Class::Other, "", message)
    }

    /// Tells whether the object is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.class == Class::NotFound
    }

    /// Tells whether the service answered with one of these codes.
    #[must_use]
    pub fn has_code(&self, codes: &[&str]) -> bool {
        codes.contains(&self.code.as_str())
    }

    /// What the user can do, by class.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self.class {
            Class::NotFound => {
                "The object, or something it refers to, does not exist (any more). Run plan again to see what is there."
            }
            Class::AlreadyExists => "An object of this name exists already. Import it, or choose another name.",
            Class::InUse => {
                "Something that is not in this configuration still uses the object. Remove the use, then apply again."
            }
            Class::Throttled => "The service limits its requests. Apply again, perhaps with a smaller -parallelism.",
            Class::Transient => "The service or the network failed. Apply again; what was done is in the state.",
            Class::Denied => {
                "The credentials in use lack a permission for this operation. Ask for it, or use another role."
            }
            Class::Credentials => {
                "Check the credentials: environment variables, profile, or a session that has expired."
            }
            Class::Quota => "A quota of the account is used up. Delete something or ask for a higher quota.",
            Class::Invalid => "The service refuses the values. Correct the configuration.",
            Class::Timeout => "It took longer than allowed. Apply again, or allow more in a timeouts block.",
            Class::Stopped => "Apply again to go on.",
            Class::Unclear | Class::Other => "",
        }
    }

    /// What a block that takes the object over looks like, when this error says that it is there already. [`HERE`] stands for its address.
    #[must_use]
    pub fn takeover(&self, import_id: Option<&str>) -> Option<String> {
        let id = import_id.filter(|id| !id.is_empty() && self.class == Class::AlreadyExists)?;
        Some(format!(
            "To take the object over, add this block and apply again:\n\n  import {{\n    to = {HERE}\n    id = {id:?}\n  }}\n"
        ))
    }

    /// The error as the user sees it: "creating EC2 VPC (vpc-1): UnauthorizedOperation: …".
    #[must_use]
    pub fn complaint(&self, doing: &str, human: &str, id: Option<&str>) -> Complaint {
        let id = id.filter(|i| !i.is_empty()).map(|i| format!(" ({i})")).unwrap_or_default();
        let mut detail = self.remedy().to_owned();
        if let Some(request) = &self.request {
            if !detail.is_empty() {
                detail.push('\n');
            }
            detail.push_str(&format!("Request: {request}"));
        }
        Complaint {
            severity: sdt_diag::Severity::Error,
            summary: format!("{doing} {human}{id}: {self}"),
            detail,
            path: sdt_value::Path::root(),
        }
    }
}

impl From<crate::convert::Misfit> for Error {
    fn from(e: crate::convert::Misfit) -> Self {
        Self::new(Class::Invalid, "", format!("the stored object does not have the expected form: {e}"))
    }
}
