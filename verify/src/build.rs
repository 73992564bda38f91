//! How the workspace is built, for a check.

/// How the workspace is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    Plain,
    /// As cargo does it, with nothing added.
    Bare,
    Portable,
    /// With records of who holds what.
    Deadlock,
    Loom,
    Shuttle,
    /// With ThreadSanitizer.
    Thread,
    /// With AddressSanitizer.
    Address,
    /// The models of shuttle, with AddressSanitizer.
    AddressShuttle,
}

impl Build {
    fn cfg(self) -> Option<&'static str> {
        match self {
            Self::Plain | Self::Bare | Self::Thread | Self::Address => None,
            Self::Portable => Some("latchwork_portable"),
            Self::Deadlock => Some("latchwork_deadlock"),
            Self::Loom => Some("latchwork=\"loom\""),
            Self::Shuttle | Self::AddressShuttle => Some("latchwork=\"shuttle\""),
        }
    }

    fn sanitizer(self) -> Option<&'static str> {
        match self {
            Self::Thread => Some("-Zsanitizer=thread"),
            Self::Address | Self::AddressShuttle => Some("-Zsanitizer=address"),
            _ => None,
        }
    }

    fn is_checked(self) -> bool {
        matches!(self, Self::Loom | Self::Shuttle | Self::AddressShuttle)
    }

    /// What the environment holds besides.
    pub(crate) fn environment(self) -> &'static [(&'static str, &'static str)] {
        // The sanitizers are options of a compiler that is not stable. Some tests forget what they allocate, on purpose.
        match self {
            Self::Thread => &[("RUSTC_BOOTSTRAP", "1")],
            Self::Address => &[("RUSTC_BOOTSTRAP", "1"), ("ASAN_OPTIONS", "detect_leaks=0")],
            Self::AddressShuttle => &[
                ("RUSTC_BOOTSTRAP", "1"),
                ("ASAN_OPTIONS", "detect_leaks=0"),
                // A node that is used after its end is reported in the first schedule that does so; the run without has them all.
                ("LATCHWORK_SHUTTLE_SCHEDULES", "300"),
            ],
            _ => &[],
        }
    }

    /// The arguments that make cargo build in this way, with lints denied. clippy compiles what is of this workspace: so what
    /// is linted is what runs, and the dependencies are compiled once for both.
    pub(crate) fn arguments(self, tool: &str) -> Vec<String> {
        if tool == "fmt" || self == Self::Bare {
            return Vec::new();
        }
        // The aliases have their cfg from `.cargo/config.toml`, where it comes first, too.
        let mut flags = match self.cfg().filter(|_| tool != self.name()) {
            Some(cfg) => vec!["--cfg", cfg],
            None => Vec::new(),
        };
        flags.push("-Dwarnings");
        flags.extend(self.sanitizer());
        if self == Self::Loom {
            // What goes past the facade: see `.clippy.toml`.
            flags.extend(["-Dclippy::disallowed-types", "-Dclippy::disallowed-methods"]);
        }
        let mut config = Vec::new();
        if self.sanitizer().is_none() {
            config.push("build.rustc-workspace-wrapper='clippy-driver'".to_owned());
        }
        if self.is_checked() {
            // See `.cargo/config.toml`: the build fails where the cfg does not arrive.
            let checker = if self == Self::Loom { "loom" } else { "shuttle" };
            config.push(format!("env.LATCHWORK_CHECK='{checker}'"));
        }
        let flags = format!("['{}']", flags.join("','"));
        config.push(format!("build.rustflags={flags}"));
        if tool == "doc" {
            config.push(format!("build.rustdocflags={flags}"));
        }
        config.into_iter().flat_map(|entry| ["--config".to_owned(), entry]).collect()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Bare => "bare",
            Self::Portable => "portable",
            Self::Deadlock => "deadlock",
            Self::Loom => "loom",
            Self::Shuttle => "shuttle",
            Self::Thread => "ThreadSanitizer",
            Self::Address => "AddressSanitizer",
            Self::AddressShuttle => "AddressSanitizer and shuttle",
        }
    }
}
