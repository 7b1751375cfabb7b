//! CRMs over a network, from their own records to the report: the emulators answer in this process, the built `cvj` asks them.

mod faults;
mod million;
mod privacy;

use std::process::Command;

use cvj_emulators::Server;
use cvj_emulators::hubspot::{Limits, OAuth, Portal, Size, TOKEN};
use cvj_tests::{Client, Output, output_of};

/// A client that has nothing but the plugin's definitions.
const CONFIG: &str = r#"[client]
name = "Courses"
currency = "EUR"
timezone = "Europe/Berlin"

[report]
as_of = "2026-07-01"

[[product]]
name = "Basic course"

[[product]]
name = "Master class"

[[product]]
name = "Coaching, 1:1"

[[product]]
name = "Café „Größe“ kit"

[source.crm]
plugin = "hubspot"
searches_per_second = 1000
requests_per_second = 1000
"#;

const BY_TOKEN: &str = "token = { secret = \"HUBSPOT_TOKEN\" }";
const BY_OAUTH: &str = "oauth = { client_id = \"emulator-client\", client_secret = { secret = \"HUBSPOT_CLIENT_SECRET\" }, \
                        refresh_token = { secret = \"HUBSPOT_REFRESH_TOKEN\" } }";

/// A portal and a client that reports from it.
struct HubSpot {
    server: Server<Portal>,
    client: Client,
    secrets: Vec<(&'static str, String)>,
}

impl HubSpot {
    /// A portal of so many contacts, which never says that it is asked too much.
    fn of(contacts: u64) -> Self {
        Self::new(Portal::generate(7, Size::of(contacts)).with_limits(Limits::none()), BY_TOKEN)
    }

    fn new(portal: Portal, credentials: &str) -> Self {
        let OAuth { client_secret, refresh_token, .. } = portal.oauth.clone();
        let server = Server::start(portal);
        let client = Client::new();
        client.write("cvj.toml", format!("{CONFIG}base_url = \"{}\"\n{credentials}\n", server.url()));
        let secrets = [
            ("HUBSPOT_TOKEN", TOKEN.to_owned()),
            ("HUBSPOT_CLIENT_SECRET", client_secret),
            ("HUBSPOT_REFRESH_TOKEN", refresh_token),
        ];
        Self { server, client, secrets: secrets.into() }
    }

    /// `cvj` in the client's folder, with the portal's credentials.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.client.command(arguments);
        command.envs(self.secrets.iter().map(|(name, value)| (name, value)));
        command
    }

    fn cvj(&self, arguments: &[&str]) -> Output {
        output_of(&mut self.command(arguments))
    }

    fn report(&self, arguments: &[&str]) -> Output {
        self.cvj(&[&["report", "--format", "json"], arguments].concat())
    }

    fn report_json(&self) -> String {
        self.client.read("reports/2026-06/report.json")
    }
}
