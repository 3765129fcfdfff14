//! `sekisho users …`

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    CommandError,
    database::CliDatabase,
    output::{print_line, print_rows},
    prompt::read_password,
};
use crate::{
    actors::{
        Handle, Limits,
        db::{DeleteUser, InsertUser, ListUsers, SetPassword, UpdateUser},
        password::{Admission, HashPassword, Hasher, PasswordActor},
    },
    config::{DatabaseArgs, PasswordArgs},
    domain::{Email, NewPassword, PasswordHash, Role, User, UserChange, Username},
};

#[derive(Debug, Subcommand)]
pub(super) enum UsersCommand {
    /// Add a user; the password is asked for
    Add(AddArgs),
    /// List users
    List(ListArgs),
    /// Show one user
    Show(ShowArgs),
    /// Set a user's password and end their sessions; the password is asked for
    SetPassword(SetPasswordArgs),
    /// Change a user's role
    SetRole(SetRoleArgs),
    /// Disable a user and end their sessions
    Disable(NameArgs),
    /// Let a disabled user log in again
    Enable(NameArgs),
    /// Delete a user; their username is never given to another user
    Delete(NameArgs),
}

#[derive(Debug, Args)]
pub(super) struct NameArgs {
    /// The user: a username or an e-mail address
    name: String,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// The username
    username: String,
    /// The e-mail address
    #[arg(long)]
    email: String,
    /// The role: user or admin
    #[arg(long, default_value = "user")]
    role: Role,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    database: DatabaseArgs,
    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only users whose username or e-mail address begins with this
    #[arg(long, default_value = "")]
    prefix: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    who: NameArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SetPasswordArgs {
    #[command(flatten)]
    who: NameArgs,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    #[command(flatten)]
    password: PasswordArgs,
}

#[derive(Debug, Args)]
pub(super) struct SetRoleArgs {
    #[command(flatten)]
    who: NameArgs,
    /// user or admin
    role: Role,
}

pub(super) async fn run(command: UsersCommand) -> Result<(), CommandError> {
    match command {
        UsersCommand::Add(args) => add(args).await,
        UsersCommand::List(args) => list(args).await,
        UsersCommand::Show(args) => show(args).await,
        UsersCommand::SetPassword(args) => set_password(args).await,
        UsersCommand::SetRole(args) => {
            let change = UserChange { role: Some(args.role), ..UserChange::default() };
            update(&args.who, change).await
        }
        UsersCommand::Disable(args) => {
            update(&args, UserChange { disabled: Some(true), ..UserChange::default() }).await
        }
        UsersCommand::Enable(args) => {
            update(&args, UserChange { disabled: Some(false), ..UserChange::default() }).await
        }
        UsersCommand::Delete(args) => delete(args).await,
    }
}

const COLUMNS: [&str; 6] = ["id", "username", "email", "role", "disabled", "created_at"];

fn row(user: &User) -> Vec<Value> {
    vec![
        json!(user.id),
        json!(user.username.as_str()),
        json!(user.email.as_str()),
        json!(user.role.as_str()),
        json!(user.disabled),
        json!(user.created_at),
    ]
}

async fn add(args: AddArgs) -> Result<(), CommandError> {
    let email = Email::parse(&args.email)?;
    let username = Username::parse(&args.username)?;
    let password = read_password(args.password_stdin)?;
    let password = args.password.policy().accept(password, &[username.as_str(), email.as_str()])?;
    let database = CliDatabase::open_or_create(&args.database)?;
    let insert = InsertUser {
        email,
        username,
        password_hash: hash(&database, &args.password, password).await?,
        role: args.role,
    };
    let user = database.ask(insert).await??;
    database.close().await?;
    print_line(&format!("added {} {} with id {}", user.role, user.username.as_str(), user.id))
}

/// Hashes a password like the server: with the same actor and the same cost.
async fn hash(
    database: &CliDatabase,
    args: &PasswordArgs,
    password: NewPassword,
) -> Result<PasswordHash, CommandError> {
    let hasher = Hasher::new(args.bcrypt_cost, database.random.clone())?;
    let one = std::num::NonZeroUsize::MIN;
    let admission = Admission::new(one, std::time::Duration::MAX, std::time::Duration::ZERO);
    let actor = PasswordActor::start(one, Arc::new(hasher), admission);
    let handle = Handle::new(actor, Limits { in_flight: 1, deadline: None });
    Ok(handle.ask(HashPassword { password }).await?)
}

async fn list(args: ListArgs) -> Result<(), CommandError> {
    let database = CliDatabase::open(&args.database)?;
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let list = ListUsers { prefix: args.prefix.clone(), after, limit: 1000 };
        let page = database.ask(list).await?;
        rows.extend(page.items.iter().map(row));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    database.close().await?;
    print_rows(&COLUMNS, &rows, args.json)
}

async fn show(args: ShowArgs) -> Result<(), CommandError> {
    let database = CliDatabase::open(&args.who.database)?;
    let user = database.user(&args.who.name).await?;
    database.close().await?;
    print_rows(&COLUMNS, &[row(&user)], args.json)
}

async fn set_password(args: SetPasswordArgs) -> Result<(), CommandError> {
    let database = CliDatabase::open(&args.who.database)?;
    let user = database.user(&args.who.name).await?;
    let password = read_password(args.password_stdin)?;
    let password = args.password.policy().accept(password, &[user.username.as_str(), user.email.as_str()])?;
    let set = SetPassword {
        id: user.id,
        expected: None,
        password_hash: hash(&database, &args.password, password).await?,
        keep: None,
    };
    if !database.ask(set).await? {
        return Err("the user was deleted meanwhile".into());
    }
    database.close().await?;
    print_line(&format!("set the password of {} and ended their sessions", user.username.as_str()))
}

async fn update(who: &NameArgs, change: UserChange) -> Result<(), CommandError> {
    let database = CliDatabase::open(&who.database)?;
    let id = database.user(&who.name).await?.id;
    let user = database.ask(UpdateUser { id, change }).await??;
    database.close().await?;
    let state = if user.disabled { "disabled" } else { "enabled" };
    print_line(&format!("{} is {} and {state}", user.username.as_str(), user.role))
}

async fn delete(args: NameArgs) -> Result<(), CommandError> {
    let database = CliDatabase::open(&args.database)?;
    let user = database.user(&args.name).await?;
    database.ask(DeleteUser { id: user.id, expected: None }).await??;
    database.close().await?;
    print_line(&format!("deleted {}", user.username.as_str()))
}
