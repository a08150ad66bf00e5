//! What every implementation of the engine's traits must do, as tests.
//!
//! A test is an async function that is handed a fresh store and panics when a promise of
//! [`crate::store`] is broken. An implementation runs all of them with [`run_all`]. A new test is a
//! function in one of the files here and a line in [`ALL`].
#![allow(clippy::unwrap_used, reason = "these are tests, though other crates run them")]
#![allow(clippy::missing_panics_doc, reason = "panicking is how a test fails")]
#![allow(clippy::needless_pass_by_value, reason = "all tests have one signature")]

mod accounts;
mod administering;
mod administration;
pub mod blobs;
pub mod bus;
mod changes;
pub mod clock;
mod closing;
mod contacts;
mod conversation;
mod files;
mod finding;
mod groups;
mod herald;
mod hooks;
mod invitations;
mod inviting;
mod keys;
mod listing;
mod messages;
pub mod nodes;
mod overviews;
mod pages;
mod people;
mod posting;
mod programs;
mod rooms;
mod search;
mod sessions;
mod unread;
mod unread_parts;
mod world;

use std::pin::Pin;
use std::sync::Arc;

use crate::store::Store;

/// What a test returns.
pub type Run = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A test: its name, and what it does to a fresh store.
pub type Case = (&'static str, fn(Arc<dyn Store>) -> Run);

macro_rules! cases {
    ($($file:ident :: $name:ident,)*) => {
        &[$((concat!(stringify!($file), "::", stringify!($name)), |store| Box::pin($file::$name(store))),)*]
    };
}

/// Every promise of a store.
pub const ALL: &[Case] = cases![
    accounts::an_account_is_found_by_its_name_and_its_number,
    accounts::a_username_is_taken_once,
    accounts::a_name_wanted_by_many_at_once_goes_to_one,
    accounts::the_first_of_many_at_once_is_the_only_administrator,
    accounts::only_the_first_account_becomes_administrator_by_being_first,
    accounts::accounts_are_listed_in_the_order_of_their_names,
    accounts::an_unknown_account_cannot_be_changed,
    accounts::a_new_password_ends_the_sessions_of_that_account_alone,
    accounts::disabling_ends_sessions_and_enabling_does_not,
    accounts::another_role_keeps_the_sessions,
    administering::accounts_are_listed_with_those_that_are_disabled,
    administering::an_administrator_changes_role_and_state_at_once,
    administering::who_is_no_administrator_changes_nobody,
    administering::an_administrator_that_can_sign_in_is_left,
    administering::of_two_who_demote_each_other_at_once_one_is_left,
    sessions::a_session_is_found_by_its_token,
    sessions::a_disabled_account_gets_no_session,
    sessions::a_password_that_changed_since_it_was_checked_gets_no_session,
    sessions::a_session_that_ended_begets_no_other,
    sessions::of_too_many_sessions_the_one_used_longest_ago_ends,
    sessions::a_session_that_ended_is_gone,
    sessions::those_of_many_sessions_that_live_are_told,
    sessions::a_last_use_never_moves_back,
    sessions::the_last_use_of_many_sessions_is_noted,
    sessions::the_most_recently_used_sessions_come_first,
    sessions::sessions_unused_since_then_expire,
    sessions::a_session_number_is_never_given_again,
    messages::messages_are_numbered_without_gaps,
    messages::two_people_have_one_conversation_whoever_writes_first,
    messages::first_messages_from_both_sides_at_once_meet_in_one_conversation,
    messages::a_note_to_oneself_is_a_conversation_of_its_own,
    messages::messages_are_read_in_parts,
    messages::a_body_is_kept_as_sent,
    messages::order_does_not_depend_on_the_clock,
    messages::unknown_conversations_are_left_out,
    posting::fifty_writers_leave_no_gap_and_every_reader_sees_the_same_order,
    posting::messages_keep_the_order_in_which_they_were_handed_over,
    posting::dropping_a_ticket_does_not_undo_the_message,
    posting::one_message_goes_to_several_targets,
    posting::one_target_that_refuses_keeps_the_message_from_all,
    posting::only_a_member_writes_to_a_group,
    posting::a_refused_message_does_not_harm_its_neighbours,
    unread::what_others_wrote_is_unread_until_it_is_marked,
    unread::what_one_wrote_oneself_is_never_unread,
    unread::a_note_to_oneself_is_unread,
    unread::a_read_position_never_moves_back,
    unread::a_read_position_never_passes_the_last_message,
    unread::marking_passes_over_conversations_one_is_not_in,
    unread::each_member_has_a_read_position_of_their_own,
    unread::positions_lead_past_messages_of_ones_own,
    unread_parts::the_oldest_come_first_across_conversations,
    unread_parts::the_rest_comes_on_the_next_call,
    unread_parts::a_part_holds_about_so_many_bytes_and_at_least_one_message,
    unread_parts::a_part_counts_what_its_text_costs_to_say,
    unread_parts::a_part_counts_the_contents_that_are_said,
    unread_parts::a_part_of_one_conversation_counts_them_as_well,
    unread_parts::positions_stop_before_what_was_not_returned,
    unread_parts::a_long_backlog_arrives_whole_and_in_order,
    unread_parts::thousands_of_messages_of_ones_own_hide_nothing,
    conversation::unread_in_one_leaves_the_others_alone,
    conversation::unread_in_one_comes_in_parts,
    conversation::unread_in_one_passes_over_ones_own_but_not_notes,
    conversation::only_a_member_is_shown_a_conversation,
    conversation::nothing_from_before_joining_is_shown,
    conversation::the_last_messages_come_in_order_read_or_not,
    conversation::two_people_have_a_conversation_once_they_wrote,
    changes::an_edit_is_a_message_and_gives_the_other_another_text,
    changes::only_who_wrote_it_edits,
    changes::what_cannot_be_seen_or_is_a_change_cannot_be_changed,
    changes::a_deletion_takes_the_text_and_leaves_the_number,
    changes::what_is_deleted_last_does_not_stay_unread,
    changes::an_admin_deletes_what_others_wrote,
    changes::a_reaction_stands_once_until_it_is_taken_back,
    changes::a_person_has_so_many_reactions_on_a_message_and_no_more,
    changes::changes_in_a_room_need_no_membership,
    changes::one_writes_to_ones_own_conversations_by_number,
    keys::a_message_with_the_key_of_an_earlier_one_is_that_one,
    keys::a_key_of_another_message_is_refused,
    keys::handed_over_at_once_a_key_makes_one_message,
    keys::a_refused_message_leaves_its_key_free,
    keys::a_key_is_shown_to_who_gave_it_until_it_is_forgotten,
    keys::a_reply_is_kept_as_given,
    overviews::that_with_the_latest_message_comes_first,
    overviews::an_overview_says_who_and_how_far,
    overviews::unread_counts_what_others_said_and_still_say,
    overviews::mentions_are_counted_among_what_is_unread,
    overviews::a_room_has_an_overview_for_anybody,
    pages::a_page_has_what_was_said_and_no_changes,
    pages::a_deleted_message_keeps_its_place_in_a_page,
    pages::one_reads_what_one_may_see,
    pages::what_arrived_is_told_in_order_as_far_as_one_may_see_it,
    pages::a_direct_conversation_is_opened_once,
    pages::peers_are_those_one_shares_a_conversation_with,
    files::a_file_is_read_as_it_was_sent,
    files::a_code_is_used_once,
    files::a_refused_file_leaves_nothing_and_harms_no_neighbour,
    files::a_file_that_must_be_sole_is_refused_when_the_receiver_has_one_of_that_name,
    files::a_name_is_taken_by_what_others_sent_to_the_receiver_alone,
    files::a_note_takes_names_in_the_list_of_its_writer,
    files::a_file_goes_to_one_target,
    files::contents_are_in_use_once_a_file_refers_to_them,
    finding::a_file_is_found_by_its_code_and_by_its_name,
    finding::of_files_of_one_name_the_newest_is_found,
    finding::only_those_in_a_conversation_find_its_files,
    finding::who_joined_later_finds_later_files_alone,
    finding::files_of_a_room_are_found_in_that_room_alone,
    finding::a_conversation_is_searched_alone,
    finding::what_was_received_is_found_alone,
    finding::a_list_has_what_others_sent_and_notes,
    finding::a_list_has_the_newest_in_the_order_of_arrival,
    finding::a_list_has_what_its_reader_may_see,
    groups::its_maker_is_the_first_member_and_admin,
    groups::a_group_is_found_by_name_or_code,
    groups::a_group_name_is_taken_whatever_its_case_and_spacing,
    groups::a_name_that_reads_like_a_code_in_use_is_taken,
    groups::a_group_name_wanted_by_many_at_once_goes_to_one,
    groups::one_joins_once,
    groups::one_joins_only_an_open_group,
    groups::a_new_member_sees_what_is_written_from_then_on,
    groups::who_left_neither_writes_nor_sees,
    groups::who_comes_back_sees_what_is_written_from_then_on,
    groups::only_a_member_leaves,
    groups::a_person_is_in_so_many_groups_and_no_more,
    closing::when_the_last_admin_leaves_the_longest_standing_member_follows,
    closing::who_comes_back_stands_at_the_end_of_the_line,
    closing::when_a_plain_member_leaves_the_admin_stays,
    closing::when_the_last_member_leaves_the_group_closes_and_its_name_is_free,
    closing::members_who_leave_at_once_leave_nobody_behind,
    inviting::an_admin_adds_who_is_not_in_it_yet,
    inviting::only_an_admin_of_the_group_invites,
    inviting::nobody_is_invited_to_what_is_no_open_group,
    inviting::who_was_invited_sees_what_is_written_from_then_on,
    inviting::who_is_in_as_many_groups_as_may_be_does_not_join,
    listing::ones_own_groups_come_first_then_public_ones,
    listing::a_list_of_groups_has_an_end,
    listing::closed_groups_are_not_listed,
    listing::ones_own_groups_are_named_in_the_order_of_joining,
    rooms::a_room_is_made_once_however_many_ask,
    rooms::a_room_keeps_the_name_it_was_first_given,
    rooms::a_room_is_no_group,
    rooms::anybody_writes_to_a_room_and_no_number_is_left_out,
    rooms::what_is_no_room_takes_no_message_as_one,
    rooms::what_is_said_in_a_room_is_never_unread,
    contacts::contacts_keep_the_order_of_adding,
    contacts::who_is_there_already_adds_nothing,
    contacts::who_is_taken_out_is_gone_and_may_come_back,
    contacts::a_person_has_so_many_contacts_and_no_more,
    herald::the_herald_is_told_of_a_message_as_it_was_posted,
    herald::the_herald_is_told_of_a_file,
    herald::the_herald_is_told_of_each_message_once_in_the_order_of_commits,
    herald::what_the_herald_is_told_of_can_be_read,
    herald::the_herald_is_not_told_of_refused_messages,
    herald::a_herald_is_told_of_what_comes_after_it,
    herald::who_begins_to_listen_hears_the_next_message,
    people::people_are_found_by_how_their_names_begin,
    people::people_are_found_in_pages_and_disabled_ones_are_not,
    people::a_person_is_found_by_the_new_name_alone,
    people::a_country_comes_and_goes,
    people::settings_are_kept_for_each_person,
    people::a_password_of_ones_own_choice_keeps_one_session,
    programs::a_persons_sessions_are_listed_the_last_used_first,
    programs::a_program_keeps_its_session_without_use,
    programs::so_many_programs_act_for_a_person_and_no_more,
    administration::a_group_gets_another_name_and_keeps_its_code,
    administration::a_group_becomes_private,
    administration::a_change_of_a_group_is_made_whole_or_not_at_all,
    administration::only_an_admin_changes_a_group,
    administration::a_group_always_has_an_admin,
    administration::who_was_removed_neither_writes_nor_sees,
    invitations::who_knows_the_code_joins_as_often_as_it_is_good,
    invitations::an_invitation_is_good_until_its_time_and_while_its_group_is_open,
    invitations::invitations_are_an_admins_affair,
    invitations::a_group_has_so_many_good_invitations_and_no_more,
    invitations::one_place_wanted_by_many_goes_to_one,
    invitations::the_first_administrator_is_made_once,
    hooks::a_hook_is_found_by_its_secret_until_it_is_removed,
    hooks::hooks_of_a_group_are_its_admins_affair,
    hooks::a_session_that_ended_makes_no_hook,
    hooks::a_conversation_has_so_many_hooks_and_no_more,
    search::words_are_parts_of_a_text_in_any_case_the_latest_first,
    search::only_what_one_may_see_is_found,
    search::a_search_is_narrowed,
    search::files_are_found_by_name_and_by_what_is_said_beside_them,
    search::what_was_changed_is_found_as_it_stands_now,
    listing::a_store_that_works_is_healthy,
];

/// Runs every test, each on a store of its own, and panics with the names of those that failed.
/// `make` also returns what must live as long as the store, such as a directory.
pub async fn run_all<M, F, G>(make: M)
where
    M: Fn() -> F,
    F: Future<Output = (Arc<dyn Store>, G)>,
{
    let mut failed = Vec::new();
    for (name, test) in ALL {
        let (store, _guard) = make().await;
        if tokio::spawn(test(store)).await.is_err() {
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "broken promises of Store: {failed:#?}");
}
