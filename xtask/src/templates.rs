//! `cargo xtask templates`: the empty worksheet in the repository is the one that cvj writes.

use std::fs;
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::workspace::Workspace;

/// Writes `templates/worksheet.xlsx`, or (with `check`) fails where the file in the repository is another.
pub(crate) fn run(workspace: &Workspace, check: bool) -> Result<(), Failure> {
    let cvj = workspace.build()?;
    let fresh = workspace.scratch("templates")?.join("worksheet.xlsx");
    process::read(Command::new(&cvj).current_dir(&workspace.root).args(["template", "-o"]).arg(&fresh))?;
    let fresh = fs::read(&fresh).map_err(|error| Failure::at(&fresh, &error))?;
    let kept = workspace.root.join("templates/worksheet.xlsx");
    if check {
        let found = fs::read(&kept).map_err(|error| Failure::at(&kept, &error))?;
        if found != fresh {
            return Err(Failure::new(
                "templates/worksheet.xlsx is not what `cvj template` writes\nhint: run `cargo xtask templates` and commit the file",
            ));
        }
        println!("templates: in step");
    } else {
        fs::write(&kept, fresh).map_err(|error| Failure::at(&kept, &error))?;
        println!("templates: templates/worksheet.xlsx written");
    }
    Ok(())
}
