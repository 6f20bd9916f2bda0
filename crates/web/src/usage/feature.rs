//! The features whose use is counted: a closed list, so that nobody adds a line to the operator's page from outside.

use axum::http::{Method, StatusCode};
use domain::{Extra, Label};

/// Something that a visitor can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Feature {
    Upload,
    /// They watched a master get ready.
    MasterDone,
    DownloadWav24,
    DownloadWav16,
    DownloadFlac,
    DownloadExtra(Extra),
    DownloadReport,
    Again,
    Delete,
    /// They saved preferences, or chose light or dark.
    Settings,
    Theme,
    Play,
    SwitchSides,
    Seek,
    /// They dropped a file instead of choosing one.
    Drop,
    StopUpload,
    /// They opened the part of the upload form that is folded away.
    MoreOptions,
}

impl Feature {
    /// What only scripts see; they may report these and no others.
    const IN_BROWSERS: [Self; 6] =
        [Self::Play, Self::SwitchSides, Self::Seek, Self::Drop, Self::StopUpload, Self::MoreOptions];

    const fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::MasterDone => "master-done",
            Self::DownloadWav24 => "download-wav24",
            Self::DownloadWav16 => "download-wav16",
            Self::DownloadFlac => "download-flac",
            Self::DownloadExtra(Extra::Aiff) => "download-aiff",
            Self::DownloadExtra(Extra::Mp3) => "download-mp3",
            Self::DownloadExtra(Extra::Aac) => "download-aac",
            Self::DownloadExtra(Extra::Opus) => "download-opus",
            Self::DownloadExtra(Extra::Vorbis) => "download-vorbis",
            Self::DownloadReport => "download-report",
            Self::Again => "again",
            Self::Delete => "delete",
            Self::Settings => "settings",
            Self::Theme => "theme",
            Self::Play => "play",
            Self::SwitchSides => "switch-sides",
            Self::Seek => "seek",
            Self::Drop => "drop",
            Self::StopUpload => "stop-upload",
            Self::MoreOptions => "more-options",
        }
    }

    /// Its name in the database.
    pub(crate) fn label(self) -> Label {
        self.name().parse().expect("the names above are labels, as a test shows")
    }

    /// A feature that a script reports.
    pub(super) fn reported(name: &str) -> Option<Self> {
        Self::IN_BROWSERS.into_iter().find(|feature| feature.name() == name)
    }

    /// What a request uses, told from its address, if it went well. So no handler has to say it.
    pub(super) fn of(method: &Method, pattern: &str, path: &str, is_played: bool, status: StatusCode) -> Option<Self> {
        if !(status.is_success() || status.is_redirection()) {
            return None;
        }
        match (method.as_str(), pattern) {
            ("POST", "/tracks") => Some(Self::Upload),
            ("POST", "/tracks/{id}/again") => Some(Self::Again),
            ("POST", "/tracks/{id}/delete") => Some(Self::Delete),
            ("POST", "/settings") => Some(Self::Settings),
            ("POST", "/settings/theme") => Some(Self::Theme),
            // A player that reads the file, or part of it, downloads nothing.
            ("GET", "/tracks/{id}/download/{kind}") if status == StatusCode::OK && !is_played => {
                match path.rsplit('/').next()? {
                    "wav24" => Some(Self::DownloadWav24),
                    "wav16" => Some(Self::DownloadWav16),
                    "flac" => Some(Self::DownloadFlac),
                    other => Extra::of_id(other).map(Self::DownloadExtra),
                }
            }
            ("GET", "/tracks/{id}/report.json") if status == StatusCode::OK => Some(Self::DownloadReport),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &Method, pattern: &str, path: &str, status: u16) -> Option<Feature> {
        let status = StatusCode::from_u16(status).expect("a status");
        Feature::of(method, pattern, path, false, status)
    }

    #[test]
    fn a_feature_is_used_when_its_request_went_well() {
        let download = "/tracks/{id}/download/{kind}";
        assert_eq!(of(&Method::POST, "/tracks", "/tracks", 303), Some(Feature::Upload));
        assert_eq!(of(&Method::POST, "/tracks", "/tracks", 422), None);
        assert_eq!(of(&Method::GET, "/tracks", "/tracks", 200), None);
        assert_eq!(of(&Method::GET, download, "/tracks/0/download/wav16", 200), Some(Feature::DownloadWav16));
        assert_eq!(of(&Method::GET, download, "/tracks/0/download/wav16", 206), None);
        let played = Feature::of(&Method::GET, download, "/tracks/0/download/flac", true, StatusCode::OK);
        assert_eq!(played, None);
        for extra in Extra::ALL {
            let found = of(&Method::GET, download, &format!("/tracks/0/download/{}", extra.id()), 200);
            assert_eq!(found, Some(Feature::DownloadExtra(extra)));
            assert_eq!(found.expect("counted").label().as_str(), format!("download-{}", extra.id()));
        }
        assert_eq!(of(&Method::GET, download, "/tracks/0/download/exe", 200), None);
    }

    #[test]
    fn scripts_can_report_what_only_they_see_and_nothing_else() {
        for feature in Feature::IN_BROWSERS {
            assert_eq!(Feature::reported(feature.label().as_str()), Some(feature));
        }
        for name in ["upload", "delete", "buy-now", ""] {
            assert_eq!(Feature::reported(name), None, "{name}");
        }
    }
}
