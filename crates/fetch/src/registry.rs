//! Modules of registries: service discovery, versions, download address. Source: the module registry protocol.

use std::path::Path;

use sdt_config::RegistryModule;
use serde_json::Value as Json;

use crate::{Fetcher, http};

impl Fetcher<'_> {
    /// The base URL of a registry's module service.
    async fn service(&self, host: &str) -> Result<String, String> {
        let url = format!("https://{host}/.well-known/terraform.json");
        let answer = http::get(self, &url, &self.authorization(host)).await?;
        let json: Json = serde_json::from_slice(&answer.body).map_err(|e| format!("{url}: {e}"))?;
        let base = json["modules.v1"].as_str().ok_or_else(|| format!("the host {host} has no module registry"))?;
        Ok(format!("{}/", http::absolute(&url, base).trim_end_matches('/')))
    }

    fn authorization(&self, host: &str) -> Vec<(String, String)> {
        self.remote.token(host).map(|t| ("authorization".to_owned(), format!("Bearer {t}"))).into_iter().collect()
    }

    /// All versions that a registry offers of a module.
    ///
    /// # Errors
    /// When the registry does not answer or does not know the module.
    pub async fn versions(&self, module: &RegistryModule) -> Result<Vec<String>, String> {
        let base = self.service(&module.host).await?;
        let url = format!("{base}{}/versions", module.path);
        let answer = http::get(self, &url, &self.authorization(&module.host)).await?;
        let json: Json = serde_json::from_slice(&answer.body).map_err(|e| format!("{url}: {e}"))?;
        let list = json["modules"][0]["versions"].as_array();
        Ok(list.into_iter().flatten().filter_map(|v| Some(v["version"].as_str()?.to_owned())).collect())
    }

    /// Puts a version of a module into `dest`, a folder that is not there yet.
    ///
    /// # Errors
    /// When it cannot be downloaded.
    pub async fn fetch_registry(&self, module: &RegistryModule, version: &str, dest: &Path) -> Result<(), String> {
        let base = self.service(&module.host).await?;
        let url = format!("{base}{}/{version}/download", module.path);
        let answer = http::get(self, &url, &self.authorization(&module.host)).await?;
        let json: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        let next = answer.headers.get("x-terraform-get").cloned().or(json["location"].as_str().map(str::to_owned));
        let next = next.ok_or_else(|| format!("{url}: the registry does not say where the package is"))?;
        http::follow(self, &url, &next, dest, 0).await
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use async_trait::async_trait;

    use super::*;
    use sdt_config::S3Place;

    use crate::{Answer, Remote};

    struct Fake(BTreeMap<&'static str, Answer>);

    #[async_trait]
    impl Remote for Fake {
        async fn get(&self, url: &str, headers: &[(String, String)], _: u64) -> Result<Answer, String> {
            // The token goes to the registry and nowhere else.
            assert_eq!(url.starts_with("https://r.example/"), !headers.is_empty(), "{url}");
            self.0.get(url).cloned().ok_or_else(|| "no such page".into())
        }

        async fn s3(&self, _: &S3Place, _: u64) -> Result<Vec<(String, Vec<u8>)>, String> {
            Err("no S3".into())
        }

        fn token(&self, host: &str) -> Option<String> {
            (host == "r.example").then(|| "secret".into())
        }
    }

    #[tokio::test]
    async fn a_registry_leads_to_an_archive() {
        let page = |body: &str| Answer { status: 200, body: body.into(), ..Answer::default() };
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("m/main.tf", zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, b"locals {}").unwrap();
        let zip = zip.finish().unwrap().into_inner();
        let moved = |to: &str, name: &str, status| Answer {
            status,
            headers: [(name.to_owned(), to.to_owned())].into(),
            body: Vec::new(),
        };
        let fake = Fake(BTreeMap::from([
            ("https://r.example/.well-known/terraform.json", page(r#"{"modules.v1": "/v1/modules/"}"#)),
            (
                "https://r.example/v1/modules/a/b/c/versions",
                page(r#"{"modules": [{"versions": [{"version": "1.0.0"}, {"version": "1.1.0"}]}]}"#),
            ),
            (
                "https://r.example/v1/modules/a/b/c/1.1.0/download",
                moved("https://cdn.example/x.zip//m", "x-terraform-get", 204),
            ),
            ("https://cdn.example/x.zip", moved("https://cdn2.example/y", "location", 302)),
            ("https://cdn2.example/y", Answer { status: 200, body: zip, ..Answer::default() }),
        ]));
        let fetcher = Fetcher { remote: &fake, limits: Default::default() };
        let module = RegistryModule::parse("r.example/a/b/c//sub").unwrap();
        assert_eq!(module.full(), "r.example/a/b/c//sub");
        assert_eq!(fetcher.versions(&module).await.unwrap(), ["1.0.0", "1.1.0"]);
        let dir = tempfile::tempdir().unwrap();
        let dest = dir.path().join("k");
        fetcher.fetch_registry(&module, "1.1.0", &dest).await.unwrap();
        assert_eq!(std::fs::read_to_string(dest.join("main.tf")).unwrap(), "locals {}");
        assert!(fetcher.fetch_registry(&module, "9.9.9", &dir.path().join("l")).await.is_err());
    }
}
