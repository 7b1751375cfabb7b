//! What a person is told whose settings are wrong, and what is never told.

use cvj_core::source::SecretName;
use cvj_core::{StageMetrics as _, Status};
use cvj_emulators::Server;
use cvj_emulators::odoo::{Odoo, Sample};
use serde_json::json;

use crate::host::{Bench, VERSIONS, config};

fn server(version: i64) -> Server<Odoo> {
    Server::start(Odoo::new(version, &Sample { leads: 30, ..Sample::default() }))
}

#[test]
fn the_protocol_is_chosen_by_version() {
    for (version, path) in [(17, "/jsonrpc"), (19, "/json/2/crm.lead/search_read")] {
        let bench = Bench::with(server(version), "admin", &json!({}));
        bench.source.check(&bench.task).unwrap();
        assert_eq!(bench.server.requests().pop().unwrap().path, path);
    }
    let bench = Bench::with(server(19), "admin", &json!({"protocol": "jsonrpc"}));
    bench.source.check(&bench.task).unwrap();
    assert!(bench.server.requests().iter().all(|request| request.path == "/jsonrpc"));
}

#[test]
fn wrong_credentials_scopes_and_hosts_are_told_apart() {
    for version in VERSIONS {
        let nobody = Bench::with(server(version), "nobody", &json!({}));
        let error = nobody.source.check(&nobody.task).unwrap_err();
        assert_eq!(error.status, Status::Unauthenticated, "{error}");
        assert!(error.hint.is_some());

        let clerk = Bench::with(server(version), "clerk", &json!({}));
        clerk.source.check(&clerk.task).unwrap();
        assert!(clerk.table("leads", None).is_ok());
        let error = clerk.table("lead_stages", None).unwrap_err();
        assert_eq!((error.status, error.message.contains("`ir.model.fields`")), (Status::Unauthorized, true), "{error}");
        assert!(!error.message.contains('@'), "{error}");
        assert!(error.hint.is_some_and(|hint| hint.contains("administrators")));

        let lost = Bench::with(server(version), "admin", &json!({"database": "elsewhere"}));
        let error = lost.source.check(&lost.task).unwrap_err();
        assert_eq!(error.status, Status::NotFound, "{error}");
    }
}

#[test]
fn an_address_where_no_odoo_answers_is_named() {
    let server = server(19);
    let elsewhere = json!({"url": format!("{}/shop", server.url())});
    let bench = Bench::with(server, "admin", &elsewhere);
    let error = bench.source.check(&bench.task).unwrap_err();
    assert_eq!(error.status, Status::NotFound);
    assert!(error.message.contains("no Odoo answers at http://127.0.0.1"), "{error}");
}

#[test]
fn json_rpc_says_which_key_it_lacks() {
    for missing in ["user", "database"] {
        let bench = Bench::with(server(17), "admin", &json!({missing: null}));
        let error = bench.source.check(&bench.task).unwrap_err();
        assert_eq!((error.status, error.message.contains(missing)), (Status::InvalidArgument, true), "{error}");
    }
    // JSON-2 needs neither.
    let bench = Bench::with(server(19), "admin", &json!({"user": null, "database": null}));
    bench.source.check(&bench.task).unwrap();
}

#[test]
fn applications_that_are_not_installed_have_no_tables() {
    for version in VERSIONS {
        let bench = Bench::with(server(version), "admin", &json!({}));
        for model in ["sale.order", "sale.order.line", "mailing.mailing", "mailing.trace", "crm.lead", "crm.stage"] {
            bench.server.state().uninstall(model);
        }
        bench.source.check(&bench.task).unwrap();
        let tables = bench.source.tables(&bench.task).unwrap();
        let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(names, ["partners", "campaigns"]);
        assert_eq!(bench.table("leads", None).unwrap_err().status, Status::NotFound);
        assert_eq!(bench.source.definitions(&bench.task).unwrap(), []);
    }
}

#[test]
fn wrong_settings_are_refused_before_anything_is_sent() {
    let bench = Bench::with(server(19), "admin", &json!({}));
    for keys in [json!({"since": "last week"}), json!({"calls_per_second": 0.0}), json!({"url": "acme"})] {
        let error = cvj_plugin_odoo::OdooSource::open(config(&bench.server.url(), "admin", &keys), &bench.task);
        assert_eq!(error.err().map(|error| error.status), Some(Status::InvalidArgument), "{keys}");
    }
    assert_eq!(bench.server.requests().len(), 0);
    assert_eq!(config("u", "a", &json!({})).key, SecretName { secret: "ODOO_KEY".to_owned() });
}
