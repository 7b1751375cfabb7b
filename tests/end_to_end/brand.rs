//! A client's locale and a consultant's brand: what they change, what they never change, and what is said where they are wrong.

use cvj_tests::{Client, unfounded};

const BRAND: &str = r##"
[brand]
logo = "brand/logo.svg"
accent = "#ffcc00"
prepared_by = "Anna <Berg>"
footer = "Bergwerk & Co"
commentary = "notes/{period}.md"
templates = "brand/templates"
"##;

/// The client with more in its `cvj.toml`.
fn client_with(more: &str) -> Client {
    let client = Client::moving();
    client.write("cvj.toml", client.read("cvj.toml") + more);
    client
}

fn page(client: &Client) -> String {
    client.read("reports/2026-10/report.html")
}

#[test]
fn a_brand_dresses_the_page_and_changes_no_number() {
    let client = client_with(BRAND);
    client.write(
        "brand/logo.svg",
        "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(2)</script><g/></svg>",
    );
    client.write("brand/templates/notes.html.j2", "<section id=\"notes\">Ask {{ prepared_by }} about {{ client }}.</section>");
    client.write("notes/2026-10.md", "# A *good* month\n\n<script>alert(3)</script>\n");
    let output = client.cvj_report(&[]).expect_status(0);
    assert!(output.stderr.contains("note: the accent #ffcc00 is too light to read on the page"), "{}", output.stderr);

    let html = page(&client);
    for part in [
        "Prepared by <bdi>Anna &lt;Berg&gt;</bdi>",
        "<bdi>Bergwerk &amp; Co</bdi>",
        "<h3>A <em>good</em> month</h3>",
        "&lt;script&gt;alert(3)&lt;/script&gt;",
        "Ask Anna &lt;Berg&gt; about Small Moving.",
        // The logo without its script: `<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>`.
        "src=\"data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciPjxnLz48L3N2Zz4=\"",
        "--data: light-dark(#",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("<script").count(), 1);

    let plain = Client::moving();
    plain.cvj_report(&[]).expect_status(0);
    assert_eq!(client.read("reports/2026-10/report.json"), plain.read("reports/2026-10/report.json"));
}

#[test]
fn numbers_and_dates_are_printed_in_the_clients_locale() {
    let client = Client::moving();
    client.replace("cvj.toml", "currency = \"USD\"", "currency = \"EUR\"\nlocale = \"de-DE\"");
    client.cvj_report(&[]).expect_status(0);
    let html = page(&client);
    assert!(html.contains("as of 4 November 2026"));
    assert!(html.contains("1.170\u{a0}€"), "what was sold in October");
    assert!(!html.contains('$'), "no amount in another currency's sign");
    let (found, looked_at) = unfounded(&html, &client.report_json("2026-10"));
    assert!(found.is_empty() && looked_at > 5, "{found:?}");
}

#[test]
fn what_is_wrong_with_a_brand_is_shown_in_cvj_toml() {
    let check = |more: &str, message: &str| {
        let client = client_with(more);
        client.write("brand/logo.svg", "GIF89a");
        client.write("brand/latin1.md", b"caf\xe9");
        let output = client.cvj_report(&[]).expect_status(1);
        assert!(output.stderr.contains(message) && output.stderr.contains("hint: "), "{}", output.stderr);
        assert!(!client.path().join("reports/2026-10").exists(), "nothing is written");
    };
    check("[brand]\naccent = \"green\"\n", "`green` is not a colour");
    check("[brand]\nlogo = \"brand/logo.svg\"\n", "it is no SVG, PNG or JPEG");
    check("[brand]\nlogo = \"../logo.svg\"\n", "does not lie in the client's folder");
    check("[brand]\ncommentary = \"notes/october.md\"\n", "`notes/october.md` cannot be read");
    check("[brand]\ncommentary = \"brand/latin1.md\"\n", "is not UTF-8 text");
    check("[brand]\ntemplates = \"brand/nowhere\"\n", "`brand/nowhere` cannot be read");
}

#[test]
fn a_locale_that_is_none_is_an_error() {
    let client = Client::moving();
    client.replace("cvj.toml", "currency = \"USD\"", "currency = \"USD\"\nlocale = \"German\"");
    let output = client.cvj_report(&[]).expect_status(1);
    assert!(output.stderr.contains("`German` is not a locale") && output.stderr.contains("cvj.toml:4"), "{}", output.stderr);
}

#[test]
fn a_template_that_fails_names_its_file_and_line() {
    let client = client_with("[brand]\ntemplates = \"brand\"\n");
    client.write("brand/footer.html.j2", "<footer>\n{{ client\n</footer>");
    let output = client.cvj_report(&[]).expect_status(1);
    assert!(output.stderr.contains("footer.html.j2:") && output.stderr.contains("docs/branding.md"), "{}", output.stderr);
}

#[test]
fn a_month_without_commentary_is_noted_and_a_stray_template_too() {
    let client = client_with("[brand]\ncommentary = \"notes/{period}.md\"\ntemplates = \"brand\"\n");
    client.write("brand/fotter.html.j2", "<footer></footer>");
    let output = client.cvj_report(&[]).expect_status(0);
    assert!(output.stderr.contains("there is no commentary for 2026-10: `notes/2026-10.md` would be it"), "{}", output.stderr);
    assert!(output.stderr.contains("near is `footer.html.j2`"), "{}", output.stderr);
    assert!(!page(&client).contains("id=\"commentary\""));
}

#[cfg(unix)]
#[test]
fn a_link_does_not_lead_out_of_the_clients_folder() {
    let client = client_with("[brand]\ncommentary = \"notes.md\"\n");
    let elsewhere = Client::new();
    elsewhere.write("secret.md", "secret");
    std::os::unix::fs::symlink(elsewhere.path().join("secret.md"), client.path().join("notes.md")).unwrap();
    let output = client.cvj_report(&[]).expect_status(1);
    assert!(output.stderr.contains("`notes.md` leads out of the client's folder"), "{}", output.stderr);
}

#[test]
fn the_mark_of_an_editor_at_the_start_of_a_text_is_no_text() {
    let client = client_with("\n[brand]\ncommentary = \"notes.md\"\ntemplates = \"own\"\n");
    client.write("notes.md", "\u{feff}# A month\n");
    client.write("own/notes.html.j2", "\u{feff}<p>Own notes</p>");
    client.cvj_report(&["--format", "html"]).expect_status(0);
    let html = page(&client);
    assert!(html.contains("<h3>A month</h3>") && html.contains("<p>Own notes</p>"));
    assert!(!html.contains('\u{feff}'));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    for (key, path) in [("logo", "pipe.svg"), ("commentary", "pipe.svg"), ("templates", "own"), ("logo", "own")] {
        let client = client_with(&format!("\n[brand]\n{key} = \"{path}\"\n"));
        std::fs::create_dir(client.path().join("own")).unwrap();
        for pipe in ["pipe.svg", "own/notes.html.j2"] {
            let made = std::process::Command::new("mkfifo").arg(client.path().join(pipe)).status().unwrap();
            assert!(made.success());
        }
        let output = client.cvj_report(&["--format", "html"]).expect_status(1);
        assert!(output.stderr.contains("cannot be read: it is not a file"), "{key}: {}", output.stderr);
    }
}
