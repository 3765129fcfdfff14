//! The vectors were made with passlib 1.7.4 (and bcrypt 4.0.1), Python 3.11:
//! `bcrypt_sha256.using(salt=SALT, rounds=4).hash(password)`, the same with `version=1`, and
//! `bcrypt.using(salt=SALT, rounds=4, ident=…).hash(password)`, with the salt below.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::*;

const SALT: &str = "N9qo8uLOickgx2ZMRZoMye";

fn password(text: &str) -> Password {
    Password::new(text.to_owned())
}

fn stored(text: &str) -> PasswordHash {
    PasswordHash::new(text.to_owned())
}

fn salt_bytes() -> [u8; 16] {
    bcrypt::BASE_64.decode(SALT).unwrap().try_into().unwrap()
}

fn digest_of(input: &Input, run: u32) -> Digest {
    bcrypt_lanes::hash(Cost::new(run).unwrap(), std::slice::from_ref(input)).unwrap()[0]
}

fn finish(hashing: Hashing) -> PasswordHash {
    let digest = digest_of(&hashing.input, hashing.text.cost);
    hashing.text.finish(&digest)
}

fn hash(password: &Password, cost: u32, random: &Random) -> PasswordHash {
    finish(Hashing::of(password, cost, random).unwrap())
}

/// A bare bcrypt hash of as much of the password as bcrypt reads.
fn bare_bcrypt(password: &Password) -> PasswordHash {
    finish(Hashing::with_salt(password, HashFormat::Bcrypt, 4, salt_bytes()).unwrap())
}

fn compare(password: &Password, hash: Option<&PasswordHash>, dummy: &PasswordHash, level: u32) -> bool {
    let comparison = Comparison::new(password, hash, dummy, level, &RequestId::default()).unwrap();
    comparison.expected.matches(&digest_of(&comparison.input, comparison.run))
}

/// Whether a password matches a hash, on a server of this cost.
fn verify(password: &Password, hash: &PasswordHash, level: u32) -> bool {
    let dummy = unmatched(4, &Random::System).unwrap();
    compare(password, Some(hash), &dummy, level)
}

/// The renewed form of an outdated hash.
fn renewed(text: &str, outdated: &PasswordHash, own_cost: u32) -> PasswordHash {
    assert!(is_outdated(&password(text), outdated, own_cost));
    finish(Hashing::renewing(&password(text), outdated, own_cost, &Random::System).unwrap())
}

/// Passwords and passlib's `bcrypt_sha256` hashes of them, version 2.
fn sha256_vectors() -> Vec<(String, &'static str)> {
    vec![
        (
            "x".repeat(73),
            "$bcrypt-sha256$v=2,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye$dlbtKOO.7DG6RHmM3Sl0VCPWv4Um2Rm",
        ),
        (
            "correct horse battery staple ".repeat(4),
            "$bcrypt-sha256$v=2,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye$Ll5kwrHV.6Bxht4DCjnLZYkiEHvNmLG",
        ),
        (
            "パスワード".repeat(10),
            "$bcrypt-sha256$v=2,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye$Bufr/d6/WNESEfzXULx.NTZ9idJqu5y",
        ),
        (String::new(), "$bcrypt-sha256$v=2,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye$RFvEdO0crH1buYn9A8yatXFkSMJWPB6"),
        (
            "short".to_owned(),
            "$bcrypt-sha256$v=2,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye$5roJrpCDionAge8L1WO/TCm9yaMvd0m",
        ),
    ]
}

#[test]
fn long_passwords_hash_as_passlib_hashes_them_to_the_byte() {
    for (text, hash) in sha256_vectors() {
        let ours =
            finish(Hashing::with_salt(&password(&text), HashFormat::Sha256V2, 4, salt_bytes()).unwrap());

        assert_eq!(ours.expose(), hash);
    }
}

#[test]
fn what_passlib_hashed_is_verified() {
    for (text, hash) in sha256_vectors() {
        assert!(verify(&password(&text), &stored(hash), 4), "{hash}");
        assert!(!verify(&password(&format!("{text}!")), &stored(hash), 4), "{hash}");
    }
    for (text, hash) in [
        ("short".to_owned(), "$bcrypt-sha256$2b,4$N9qo8uLOickgx2ZMRZoMye$NuK0pp6VhoDB5gMyZLrXSrCM6BL9THO"),
        ("x".repeat(73), "$bcrypt-sha256$2b,4$N9qo8uLOickgx2ZMRZoMye$fM0mt2Bg7VpAmh45TSEmawZcTJEveza"),
        ("hunter22".to_owned(), "$2a$04$N9qo8uLOickgx2ZMRZoMyeig06i4lNe69Bcwb2N8hihe2bbvKXus6"),
        ("パスワード".to_owned(), "$2a$04$N9qo8uLOickgx2ZMRZoMyenAR9Con1iM/SM.X98Q6W80sCjVfesAu"),
        ("x".repeat(72), "$2a$04$N9qo8uLOickgx2ZMRZoMyedlslr.Jty7xCSm4JGSxc8PDTmSzo582"),
        ("hunter22".to_owned(), "$2b$04$N9qo8uLOickgx2ZMRZoMyeig06i4lNe69Bcwb2N8hihe2bbvKXus6"),
        ("パスワード".to_owned(), "$2b$04$N9qo8uLOickgx2ZMRZoMyenAR9Con1iM/SM.X98Q6W80sCjVfesAu"),
        ("x".repeat(72), "$2b$04$N9qo8uLOickgx2ZMRZoMyedlslr.Jty7xCSm4JGSxc8PDTmSzo582"),
        ("hunter22".to_owned(), "$2y$04$N9qo8uLOickgx2ZMRZoMyeig06i4lNe69Bcwb2N8hihe2bbvKXus6"),
        ("パスワード".to_owned(), "$2y$04$N9qo8uLOickgx2ZMRZoMyenAR9Con1iM/SM.X98Q6W80sCjVfesAu"),
        ("x".repeat(72), "$2y$04$N9qo8uLOickgx2ZMRZoMyedlslr.Jty7xCSm4JGSxc8PDTmSzo582"),
    ] {
        assert!(verify(&password(&text), &stored(hash), 4), "{hash}");
        assert!(!verify(&password("something else"), &stored(hash), 4), "{hash}");
    }
}

#[test]
fn a_long_password_is_told_from_another_with_the_same_beginning() {
    let (one, other) = (password(&format!("{}1", "x".repeat(72))), password(&format!("{}2", "x".repeat(72))));
    let hash = hash(&one, 4, &Random::System);

    assert!(hash.expose().starts_with("$bcrypt-sha256$v=2,t=2b,r=4$"));
    assert!(verify(&one, &hash, 4));
    assert!(!verify(&other, &hash, 4));
}

#[test]
fn a_password_of_72_bytes_is_told_from_itself_and_more() {
    let (exact, longer) = ("x".repeat(72), "x".repeat(73));
    let bare = bare_bcrypt(&password(&exact));

    for (hash, more_matches) in [
        (hash(&password(&exact), 4, &Random::System), false),
        // bcrypt alone does not see where it ends; the next login corrects that.
        (bare.clone(), true),
        (renewed(&exact, &bare, 4), false),
    ] {
        assert!(verify(&password(&exact), &hash, 4));
        assert_eq!(verify(&password(&longer), &hash, 4), more_matches);
    }
    let shorter = "x".repeat(71);
    let hash = hash(&password(&shorter), 4, &Random::System);
    assert!(hash.expose().starts_with("$2b$04$"));
    assert!(verify(&password(&shorter), &hash, 4) && !verify(&password(&exact), &hash, 4));
}

#[test]
fn a_password_is_told_from_itself_repeated() {
    let once = hash(&password("short"), 4, &Random::System);

    for text in ["short\0short", "short\0short\0short"] {
        // bcrypt alone does not see the difference.
        assert!(bcrypt::verify(text, once.expose()).unwrap());
        assert!(!verify(&password(text), &once, 4), "{text:?}");
    }
}

#[test]
fn a_hash_of_todays_form_and_cost_is_kept() {
    for text in ["hunter22".to_owned(), "x".repeat(72), "x".repeat(73), "é".repeat(40)] {
        let password = password(&text);
        let hash = hash(&password, 4, &Random::System);

        assert!(!is_outdated(&password, &hash, 4), "{text}");
    }
}

#[test]
fn a_hash_of_another_form_or_cost_is_replaced_and_still_matches() {
    let short = "short";
    for hash in [
        "$2a$04$N9qo8uLOickgx2ZMRZoMyeXuM2fG.FcEFfLYgi/C57oEmqbYA.bjy",
        "$bcrypt-sha256$v=2,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye$5roJrpCDionAge8L1WO/TCm9yaMvd0m",
        "$bcrypt-sha256$2b,4$N9qo8uLOickgx2ZMRZoMye$NuK0pp6VhoDB5gMyZLrXSrCM6BL9THO",
    ] {
        let fresh = renewed(short, &stored(hash), 4);

        assert!(fresh.expose().starts_with("$2b$04$"), "{hash}");
        assert!(verify(&password(short), &fresh, 4));
    }

    let cheap = hash(&password(short), 4, &Random::System);
    assert!(renewed(short, &cheap, 5).expose().starts_with("$2b$05$"));
}

#[test]
fn a_hash_is_never_renewed_to_a_lower_cost() {
    let (short, long) = ("short", "x".repeat(80));
    let dear = hash(&password(short), 6, &Random::System);
    let foreign = stored(&dear.expose().replacen("2b", "2a", 1));
    let version_1 = "$bcrypt-sha256$2b,4$N9qo8uLOickgx2ZMRZoMye$NuK0pp6VhoDB5gMyZLrXSrCM6BL9THO";
    let dear_version_1 = stored(&version_1.replacen("2b,4", "2b,6", 1));

    assert!(!is_outdated(&password(short), &dear, 4));
    assert!(renewed(short, &foreign, 4).expose().starts_with("$2b$06$"));
    assert!(renewed(&long, &dear_version_1, 4).expose().starts_with("$bcrypt-sha256$v=2,t=2b,r=6$"));
}

#[test]
fn a_password_that_bcrypt_cut_elsewhere_logs_in_and_is_never_lengthened() {
    let long = password(&"x".repeat(80));
    let cut = bare_bcrypt(&long);

    assert!(verify(&long, &cut, 4));
    assert!(!is_outdated(&long, &cut, 4));
    let dear = renewed(long.expose(), &cut, 5);
    assert!(verify(&password(&"x".repeat(72)), &dear, 5) && verify(&long, &dear, 5));
}

#[test]
fn a_hash_of_nothing_has_the_configured_cost_and_matches_nothing() {
    let nothing = unmatched(5, &Random::System).unwrap();

    assert_eq!(Stored::parse(nothing.expose()).map(|stored| stored.cost), Some(5));
    assert!(!verify(&password(""), &nothing, 5));
    assert!(!compare(&password(""), None, &nothing, 5));
}

#[test]
fn what_is_no_hash_or_too_costly_matches_nothing() {
    let costly = "$2b$31$N9qo8uLOickgx2ZMRZoMyeNuK0pp6VhoDB5gMyZLrXSrCM6BL9THO";
    assert_eq!(check_hash(&stored(costly), 12), Err(UnusableHash::TooCostly { cost: 31, own_cost: 12 }));
    assert!(!verify(&password("short"), &stored(costly), 12));
    for text in [
        "",
        "$",
        "$2b$",
        "plain text",
        "$2b$04$short",
        "$1$04$N9qo8uLOickgx2ZMRZoMye",
        "$2b$4x$",
        "$2b$+4$",
        "$bcrypt-sha256$v=3,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye$5roJrpCDionAge8L1WO/TCm9yaMvd0m",
        "$bcrypt-sha256$v=2,t=2b,r=4$N9qo8uLOickgx2ZMRZoMye",
        "$2b$04$N9qo8uLOickgx2ZMRZoMyeNuK0pp6VhoDB5gMyZLrXSrCM6BL9T\u{e9}O",
    ] {
        assert_eq!(check_hash(&stored(text), 12), Err(UnusableHash::Malformed), "{text}");
        assert!(!verify(&password("short"), &stored(text), 4), "{text}");
    }
}

/// The shortest of several times that a comparison took on this thread.
fn time_of(password: &Password, hash: Option<&PasswordHash>, level: u32) -> Duration {
    let dummy = unmatched(4, &Random::System).unwrap();
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let times = (0..5).map(|_| {
        let began = now();
        compare(password, hash, &dummy, level);
        now().saturating_sub(began)
    });
    times.min().unwrap()
}

#[test]
fn a_comparison_takes_as_long_whatever_there_is_to_compare_with() {
    let (right, level) = (password("short"), 8);
    let too_costly = "$2b$17$N9qo8uLOickgx2ZMRZoMyeNuK0pp6VhoDB5gMyZLrXSrCM6BL9THO";
    let nobody = time_of(&right, None, level);

    let with_cost = |cost| hash(&right, cost, &Random::System);
    for hash in [with_cost(4), with_cost(6), with_cost(level), stored("malformed"), stored(too_costly)] {
        for text in ["short", "another"] {
            let took = time_of(&password(text), Some(&hash), level);

            // Alone, a hash of cost 4 is 16 times as fast.
            assert!(took < nobody * 3 / 2 && nobody < took * 3 / 2, "{took:?} {nobody:?} {}", hash.expose());
        }
    }
    assert!(time_of(&right, Some(&with_cost(4)), 4) * 8 < nobody);
}

#[test]
fn a_hash_is_one_that_can_be_verified_in_reasonable_time() {
    let good = bcrypt::hash("correct horse battery", 4).unwrap();
    let with_cost = |cost: &str| good.replacen("$04$", &format!("${cost}$"), 1);
    for (hash, expected) in [
        (good.clone(), Ok(4)),
        (good.replacen("2b", "2a", 1), Ok(4)),
        (good.replacen("2b", "2y", 1), Ok(4)),
        (good.replacen("2b", "2x", 1), Ok(4)),
        (with_cost("14"), Ok(14)),
        (with_cost("15"), Err(UnusableHash::TooCostly { cost: 15, own_cost: 12 })),
        (with_cost("31"), Err(UnusableHash::TooCostly { cost: 31, own_cost: 12 })),
        (with_cost("4294967295"), Err(UnusableHash::Malformed)),
        (with_cost("03"), Err(UnusableHash::Malformed)),
        (with_cost("99999999999"), Err(UnusableHash::Malformed)),
        (with_cost("-4"), Err(UnusableHash::Malformed)),
        (with_cost("+4"), Err(UnusableHash::Malformed)),
        (with_cost(""), Err(UnusableHash::Malformed)),
        (String::new(), Err(UnusableHash::Malformed)),
        ("secret".to_owned(), Err(UnusableHash::Malformed)),
        ("5ebe2294ecd0e0f08eab7690d2a6ee69".to_owned(), Err(UnusableHash::Malformed)),
        ("$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaA".to_owned(), Err(UnusableHash::Malformed)),
        ("$1$salt$hash".to_owned(), Err(UnusableHash::Malformed)),
        (good[..good.len() - 1].to_owned(), Err(UnusableHash::Malformed)),
        (format!("{good}x"), Err(UnusableHash::Malformed)),
        (format!("{good}\n"), Err(UnusableHash::Malformed)),
        (format!(" {good}"), Err(UnusableHash::Malformed)),
        (good.replacen("2b", "2c", 1), Err(UnusableHash::Malformed)),
        ("$2b$04$é".repeat(8), Err(UnusableHash::Malformed)),
    ] {
        assert_eq!(check_hash(&PasswordHash::new(hash.clone()), 12), expected, "{hash}");
    }
}
