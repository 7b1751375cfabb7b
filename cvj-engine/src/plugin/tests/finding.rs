//! Where plugins are looked for, and what is said of libraries that are none.

use std::path::PathBuf;

use super::{Folder, Search, chaos_library, library_name};
use crate::plugin::Origin;

#[test]
fn the_places_are_absolute_and_in_order() {
    let search = Search::standard(&[PathBuf::from("relative/plugins"), PathBuf::from("/opt/plugins")]);
    let places = search.places();
    assert!(places.iter().all(|place| place.path.is_absolute()));
    assert_eq!(places[0].path, std::env::current_dir().unwrap().join("relative/plugins"));
    assert_eq!((places[0].origin, places[1].path.as_path()), (Origin::Explicit, std::path::Path::new("/opt/plugins")));
    assert!(places.iter().any(|place| place.origin == Origin::BesideExecutable));
    let shown =
        [Origin::Explicit, Origin::Environment, Origin::BesideExecutable, Origin::UserData].map(|origin| origin.to_string());
    assert_eq!(shown, ["--plugin-path", "CVJ_PLUGIN_PATH", "beside cvj", "user data folder"]);
}

#[test]
fn a_plugin_is_found_in_a_folder_and_as_a_file_once() {
    let library = chaos_library();
    let folder = library.parent().unwrap().to_owned();
    let found = Search::standard(&[folder]).load("chaos").unwrap();
    let again = Search::standard(std::slice::from_ref(&library)).load("chaos").unwrap();
    assert_eq!((found.name(), found.path()), ("chaos", again.path()));
}

#[test]
fn a_plugin_not_found_tells_every_place_and_the_nearest_name() {
    let folder = Folder::new();
    let library = chaos_library();
    let error = Search::standard(&[folder.0.clone(), folder.0.join("none"), library]).load("chaoss").unwrap_err();
    assert_eq!(error.to_string(), "the plugin `chaoss` was not found");
    assert_eq!(error.nearest().as_deref(), Some("chaos"));
    let tried = error.tried();
    assert_eq!((&tried[0].path, tried[0].why.as_str()), (&folder.0.join(library_name("chaoss")), "no such file"));
    assert_eq!((&tried[1].path, tried[1].why.as_str()), (&folder.0.join("none"), "no such folder"));
    assert_eq!(tried[2].why, "its name says it is the plugin `chaos`");
    assert!(tried.len() >= 4);
}

#[test]
fn a_name_is_no_path() {
    let error = Search::standard(&[]).load("../chaos").unwrap_err();
    assert!(error.to_string().contains("cannot exist"), "{error}");
}

#[test]
fn what_is_no_library_is_told_apart_from_what_is_missing() {
    let folder = Folder::new();
    std::fs::write(folder.0.join(library_name("text")), "not a library").unwrap();
    let error = Search::standard(std::slice::from_ref(&folder.0)).load("text").unwrap_err();
    assert!(error.to_string().starts_with("the plugin `text` cannot be used: "), "{error}");
    assert!(error.tried()[0].why.starts_with("the system cannot load it: "), "{error:?}");
}

#[test]
fn the_list_shows_what_cannot_be_used_and_what_is_shadowed() {
    let (first, second) = (Folder::new(), Folder::new());
    std::fs::write(first.0.join(library_name("text")), "not a library").unwrap();
    std::fs::write(first.0.join("readme.txt"), "no plugin").unwrap();
    for folder in [&first, &second] {
        std::fs::copy(chaos_library(), folder.0.join(library_name("chaos"))).unwrap();
    }
    let list = Search::standard(&[first.0.clone(), second.0.clone()]).list();
    let shown: Vec<_> = list
        .iter()
        .filter(|listed| listed.origin == Origin::Explicit)
        .map(|listed| (listed.name.as_str(), listed.outcome.is_ok(), listed.shadowed))
        .collect();
    assert_eq!(shown, [("chaos", true, false), ("text", false, false), ("chaos", true, true)]);
}
