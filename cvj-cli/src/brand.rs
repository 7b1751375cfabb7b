//! The brand and the locale of `cvj.toml` as the look of a report: reads the logo, the commentary and the templates.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use cvj_core::nearest::nearest;
use cvj_engine::config::{Config, PERIOD, Step};
use cvj_report::{Accent, LARGEST_LOGO, Locale, Logo, Look, Template};

use crate::failure::Failure;

/// Most bytes of a commentary or a template.
const LARGEST_TEXT: usize = 1024 * 1024;

/// The look of a client's reports, and what its author should know.
pub(crate) struct Brand {
    /// The look, still without the period's commentary.
    pub(crate) look: Look,
    /// What was changed or is odd, one sentence each.
    pub(crate) notes: Vec<String>,
    config: Config,
    folder: PathBuf,
}

impl Brand {
    /// Reads all that does not depend on the period.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let config = Config::read(folder)?;
        let mut brand = Self { look: Look::default(), notes: Vec::new(), config, folder: folder.to_owned() };
        let settings = brand.config.brand.clone();
        if let Some(tag) = &brand.config.client.locale {
            brand.look.locale = Locale::new(tag).ok_or_else(|| {
                let hint = "a language and a region, such as en-US, de-DE or fr-CA";
                brand.fault(["client", "locale"], format!("`{tag}` is not a locale"), hint)
            })?;
        }
        if let Some(text) = &settings.accent {
            let accent = Accent::new(text).ok_or_else(|| {
                brand.fault(["brand", "accent"], format!("`{text}` is not a colour"), "six digits, such as #0a7f5a")
            })?;
            brand.notes.extend(accent.adjusted());
            brand.look.accent = Some(accent);
        }
        if let Some(path) = &settings.logo {
            let bytes = brand.bytes("logo", path, LARGEST_LOGO)?;
            let logo = Logo::new(&bytes).map_err(|why| {
                brand.fault(
                    ["brand", "logo"],
                    format!("`{path}` cannot be the logo: {why}"),
                    "an SVG, PNG or JPEG file of at most 512 KB",
                )
            })?;
            brand.look.logo = Some(logo);
        }
        if let Some(path) = &settings.templates {
            brand.look.templates = brand.templates(path)?;
        }
        if let Some(path) = settings.commentary.filter(|path| !path.contains(PERIOD)) {
            brand.look.commentary = Some(brand.text("commentary", &path)?);
        }
        brand.look.prepared_by = settings.prepared_by;
        brand.look.footer = settings.footer;
        Ok(brand)
    }

    /// Adds the commentary of a period, where the path of the commentary names the period.
    pub(crate) fn add_commentary(&mut self, period: &str) -> Result<(), Failure> {
        let Some(path) = self.config.brand.commentary.as_ref().filter(|path| path.contains(PERIOD)) else { return Ok(()) };
        let path = path.replace(PERIOD, period);
        if self.folder.join(&path).exists() {
            self.look.commentary = Some(self.text("commentary", &path)?);
        } else {
            self.notes.push(format!("there is no commentary for {period}: `{path}` would be it"));
        }
        Ok(())
    }

    /// The templates of a folder, by name.
    fn templates(&mut self, path: &str) -> Result<Vec<Template>, Failure> {
        let folder = self.inside("templates", path)?;
        let unreadable =
            |error: io::Error| self.fault(["brand", "templates"], format!("`{path}` cannot be read: {error}"), "name a folder");
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
            if ["j2", "css", "js"].iter().any(|kind| Path::new(&name).extension().is_some_and(|ending| ending == *kind)) {
                names.push(name);
            }
        }
        names.sort_unstable();
        let mut templates = Vec::new();
        for name in names {
            if !cvj_report::template_names().any(|ours| ours == name) {
                let near =
                    nearest(&name, cvj_report::template_names()).map_or_else(String::new, |near| format!(" (near is `{near}`)"));
                self.notes
                    .push(format!("`{path}/{name}` replaces none of cvj's templates{near}: only what includes it shows it"));
            }
            templates.push(Template { text: self.text("templates", &format!("{path}/{name}"))?, name });
        }
        Ok(templates)
    }

    fn text(&self, key: &str, path: &str) -> Result<String, Failure> {
        let text = String::from_utf8(self.bytes(key, path, LARGEST_TEXT)?);
        let text = text.map_err(|_| self.fault(["brand", key], format!("`{path}` is not UTF-8 text"), "save it as UTF-8"))?;
        // Some editors mark UTF-8 so; the mark is no text.
        Ok(match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        })
    }

    /// At most one byte more than `most`, which is refused.
    fn bytes(&self, key: &str, path: &str, most: usize) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let file = self.inside(key, path)?;
        let hint = "the path is relative to cvj.toml";
        // To open a named pipe waits for whoever writes into it.
        if fs::metadata(&file).is_ok_and(|metadata| !metadata.is_file()) {
            return Err(self.fault(["brand", key], format!("`{path}` cannot be read: it is not a file"), hint));
        }
        let read = fs::File::open(file).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes));
        read.map_err(|error| self.fault(["brand", key], format!("`{path}` cannot be read: {error}"), hint))?;
        if bytes.len() > most {
            let message = format!("`{path}` has more than {} KB", most / 1024);
            return Err(self.fault(["brand", key], message, "make it smaller"));
        }
        Ok(bytes)
    }

    /// The file, wherever links lead: the client's folder is not left.
    fn inside(&self, key: &str, path: &str) -> Result<PathBuf, Failure> {
        let place = |path: &Path| path.canonicalize();
        let found = place(&self.folder).and_then(|folder| Ok((place(&self.folder.join(path))?, folder)));
        let hint = "the path is relative to cvj.toml";
        let (file, folder) =
            found.map_err(|error| self.fault(["brand", key], format!("`{path}` cannot be read: {error}"), hint))?;
        if !file.starts_with(&folder) {
            return Err(self.fault(
                ["brand", key],
                format!("`{path}` leads out of the client's folder"),
                "copy the file into it",
            ));
        }
        Ok(file)
    }

    fn fault(&self, [table, key]: [&str; 2], message: String, hint: &str) -> Failure {
        self.config.error(&[Step::Key(table), Step::Key(key)], message, Some(hint.to_owned())).into()
    }
}
