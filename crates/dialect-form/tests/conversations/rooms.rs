//! Who is in a room: coming, going, and what the others hear of it.

use crate::world::{World, joined, left, message};

#[tokio::test]
async fn coming_and_going_is_told_to_the_others() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    budi.ok("room_leave").await;
    assert_eq!(alam.hear().await, left("Budi"));
    alam.ok("room_chat message=sendiri").await;
    assert_eq!(alam.hear().await, message("alam", "Alam Cahya", "sendiri"));
    assert!(budi.hears_nothing());
}

#[tokio::test]
async fn a_connection_that_breaks_leaves_once() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    drop(budi);
    assert_eq!(alam.hear().await, left("Budi"));
    assert!(alam.hears_nothing());
    assert_eq!(alam.ok("room_join roomname=1").await["users"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn joining_twice_tells_nobody_and_loses_nothing() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    alam.ok("room_chat message=satu").await;
    // Told in the order of coming, so once it is heard here it has been told to all who came before.
    assert_eq!(budi.hear().await, message("alam", "Alam Cahya", "satu"));
    alam.ok("room_join roomname=1").await;
    alam.ok("room_join roomname=1").await;
    alam.ok("room_chat message=dua").await;
    assert_eq!(budi.hear().await, message("alam", "Alam Cahya", "dua"));
    assert_eq!(alam.hear().await, message("alam", "Alam Cahya", "satu"));
    assert_eq!(alam.hear().await, message("alam", "Alam Cahya", "dua"));
    assert!(alam.hears_nothing() && budi.hears_nothing());
}

#[tokio::test]
async fn the_connection_that_joined_last_hears() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    let mut other = world.connect();
    other.ok(&format!("room_join roomname=1&session={}", budi.token)).await;
    alam.ok("room_chat message=halo").await;
    let halo = message("alam", "Alam Cahya", "halo");
    assert_eq!(alam.hear().await, halo, "nobody is told of the second joining");
    assert_eq!(other.hear().await, halo);
    assert!(budi.hears_nothing());

    // The first connection is no longer the one whose end matters.
    drop(budi);
    assert!(alam.hears_nothing());
    drop(other);
    assert_eq!(alam.hear().await, left("Budi"));
}

#[tokio::test]
async fn two_sessions_of_one_person_are_told_once() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut one = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    let mut two = world.join("budi", "1").await;
    one.ok("room_leave").await;
    alam.ok("room_chat message=halo").await;
    assert_eq!(alam.hear().await, message("alam", "Alam Cahya", "halo"));
    assert_eq!(two.hear().await, message("alam", "Alam Cahya", "halo"));
    two.ok("room_leave").await;
    assert_eq!(alam.hear().await, left("Budi"));
    assert!(alam.hears_nothing());
}

#[tokio::test]
async fn going_to_another_room_leaves_the_first() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut cici = world.join("cici", "2").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    budi.ok("room_join roomname=2").await;
    assert_eq!(alam.hear().await, left("Budi"));
    assert_eq!(cici.hear().await, joined("Budi"));
    alam.ok("room_chat message=di+satu").await;
    assert_eq!(alam.hear().await, message("alam", "Alam Cahya", "di satu"));
    budi.ok("room_chat message=di+dua").await;
    assert_eq!(cici.hear().await, message("budi", "Budi", "di dua"));
    assert_eq!(budi.hear().await, message("budi", "Budi", "di dua"));
    assert!(alam.hears_nothing());
}

#[tokio::test]
async fn a_session_leaves_from_any_of_its_connections() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    let mut other = world.connect();
    other.ok(&format!("room_leave session={}", budi.token)).await;
    assert_eq!(alam.hear().await, left("Budi"));
    alam.ok("room_chat message=halo").await;
    assert_eq!(alam.hear().await, message("alam", "Alam Cahya", "halo"));
    assert!(budi.hears_nothing());
    budi.ok("room_join roomname=1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    alam.ok("room_chat message=lagi").await;
    assert_eq!(budi.hear().await, message("alam", "Alam Cahya", "lagi"));
}

#[tokio::test]
async fn a_session_that_ends_leaves_and_its_connection_stays() {
    let world = World::new().await;
    let mut alam = world.join("alam", "1").await;
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    let mut other = world.connect();
    other.ok(&format!("logout session={}", budi.token)).await;
    assert_eq!(alam.hear().await, left("Budi"));
    assert!(budi.hears_nothing());
    budi.login("budi").await;
    budi.ok("room_join roomname=1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    budi.ok("logout").await;
    assert_eq!(alam.hear().await, left("Budi"));

    // One that ended in another dialect is found out when the connection is told.
    let mut budi = world.join("budi", "1").await;
    assert_eq!(alam.hear().await, joined("Budi"));
    let token = kabar_model::SessionToken::parse(&budi.token).unwrap();
    let caller = world.engine.resume(token).await.unwrap();
    world.engine.logout(&caller).await.unwrap();
    assert!(budi.hears_nothing());
    assert_eq!(alam.hear().await, left("Budi"));
}
