// SPDX-License-Identifier: Apache-2.0
// The decisions of the desk, each a function of (state, event, time): they read and edit a
// Transaction and nothing else. One file per kind of event: decide_alerts.cc, decide_groups.cc,
// decide_incidents.cc, decide_forgetting.cc, decide_suppression.cc, decide_messages.cc,
// decide_claims.cc, decide_fallback.cc, decide_reports.cc, decide_silences.cc, decide_reload.cc.
// Those of pages to people have headers of their own: decide_paging.h, decide_contacts.h,
// decide_verification.h; so has a clock that was set back: decide_clock.h.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/desk/desk.h"
#include "notifiers/desk/incoming.h"
#include "notifiers/desk/transaction.h"

namespace outrider {

// ---- alerts
// ---------------------------------------------------------------------------------------------------------
// Alertmanager's merge of a posted alert with the stored one (specs/alertmanager.md §2 "Ingest").
void MergePosted(const AlertRecord& stored, IncomingAlert* posted, Nanos now);
// Alerts as posted: completed, merged with what is stored, taken, one after the other. Returns how
// many; one error for each that was refused, for the first hundred.
size_t TakePosted(Transaction& tx, const IncomingAlerts& alerts, Nanos now,
                  PostAlertsResult* result);
// New values of alerts, complete and merged.
void TakeAlerts(Transaction& tx, const IncomingAlerts& alerts, Nanos now);
// Ends of alerts fell due, earliest first; each is decided at its own time.
void OnAlertEnds(Transaction& tx, std::span<const AlertEnd> ends);
// Resolves firing rule alerts that are not in `owned`.
void ResolveUnowned(Transaction& tx, const std::set<uint64_t>& owned, Nanos now);
// Forgets a resolved alert that no group needs any more, and none that was left behind would need.
void ForgetIfDone(Transaction& tx, uint64_t fingerprint);
std::string FingerprintHex(uint64_t fingerprint);
uint64_t ParseFingerprint(const std::string& hex);  // of FingerprintHex

// ---- groups
// ---------------------------------------------------------------------------------------------------------
// Puts the alert into the groups of its routes, making those that are missing. `news`: it began to
// fire or was resolved, so that groups that have nothing to say flush again with their next beat.
void RouteAlert(Transaction& tx, const AlertRecord& record, bool news, Nanos now);
// The group's next flush is at its next beat (a whole number of group_intervals after the last).
void HastenFlush(Transaction& tx, const std::string& group_id, Nanos now);
// The flush timer of a group: what it says and to whom. `due`: the timer's time; `now`: the real
// one.
void FlushGroup(Transaction& tx, const std::string& group_id, Nanos due, Nanos now);
// After the last message of a flush ended: resolved alerts that were told leave, an empty group
// goes.
void SettleGroup(Transaction& tx, const std::string& group_id, Nanos now);
// Returns those that may have waited for it to come back, and that nobody may need any more.
NumberSet DestroyGroup(Transaction& tx, const std::string& group_id, Nanos now);
// A group with this alert; its first flush is set.
void OpenGroup(Transaction& tx, const GroupTarget& target, const AlertRecord& record, Nanos now);
// A new group without members; what was told before by one of its name that is gone is still known.
GroupRecord& BeginGroup(Transaction& tx, const GroupTarget& target, Nanos now);
// An integration of the group was told: its log says so, and those of its twins (Plan::TwinsOf).
// `receiver_data` "": the channel said nothing.
void LogTold(Transaction& tx, const std::string& group_id, const std::string& integration,
             const NotificationLogEntry& entry, const std::string& receiver_data);
// Whether messages of a twin are under way; its flush then waits for what their outcome leaves in
// the log, and is woken by WakeTwins.
bool TwinIsTelling(const Transaction& tx, const GroupRecord& group);
void WakeTwins(Transaction& tx, const std::string& group_id, Nanos now);
// The alert has ended, and a group that a reload left behind was told that it fires: it is kept
// until that group comes back and tells its end, or forgets it.
bool AwaitsGroup(const Transaction& tx, uint64_t fingerprint);
// Leaves only the log of the group, until it has expired; false: there is nothing to keep.
bool PutToSleep(Transaction& tx, const std::string& group_id, Nanos now);
// With the fix resolved_told_once: the row's integration has been told already, by an earlier
// message, that this alert is resolved. The row holds it nevertheless, for the log.
bool ToldResolved(const Transaction& tx, const OutboxRow& row, uint64_t fingerprint);
// Whether the group's log was imported and still says something by Alertmanager's hashes.
bool HasImported(const GroupRecord& group);
// An alert joins a group whose log was imported: what Alertmanager's hash says of it is ours too.
void AdoptImported(GroupRecord& group, const Labels& labels, uint64_t fingerprint);

// ---- what is asked of an alert everywhere
inline bool FiresAt(const AlertRecord& record, Nanos now) {
  return record.firing && !record.ResolvedAt(now);
}

// ---- incidents
// ------------------------------------------------------------------------------------------------------
// Puts what the incident room decided into the transaction.
void ApplyIncident(Transaction& tx, IncidentDecision decision, Nanos now);
// A firing alert opens, feeds or reopens its incident.
void FeedIncident(Transaction& tx, uint64_t fingerprint, Nanos now);
void DrainIncident(Transaction& tx, uint64_t fingerprint, Nanos now);
Status ActOnIncident(Transaction& tx, IncidentAction action, const HumanAction& human, Nanos now);
Status NoteOnIncident(Transaction& tx, const HumanAction& human, Nanos now);
Status EscalateIncident(Transaction& tx, const HumanAction& human, bool force, Nanos now);
// `policy` "": the one that would be chosen now.
Status ReapplyPolicy(Transaction& tx, const HumanAction& human, const std::string& policy,
                     Nanos now);
void OnIncidentTimer(Transaction& tx, TimerKind kind, const std::string& id, Nanos due, Nanos now);

// A resolved incident is forgotten once it was resolved for IncidentsConfig::retention.
void ScheduleForgetting(Transaction& tx, const Incident& incident);
// After a start or a reload: the retention may be another.
void ScheduleForgettingOfAll(Transaction& tx);
void OnForgetIncident(Transaction& tx, const std::string& id, Nanos now);

// ---- suppression
// ----------------------------------------------------------------------------------------------------
// An alert began to fire: feeds its incident at once, or waits while it is silenced, inhibited, or
// might be inhibited by what other rules are about to tell.
void OfferToIncident(Transaction& tx, uint64_t fingerprint, Nanos now);
// The settling delay of an alert that waits is over.
void OnSettled(Transaction& tx, const std::string& fingerprint_hex, Nanos due);
// Silences or rules changed: whatever waits and is suppressed no more begins to settle.
void RecheckSuppressed(Transaction& tx, Nanos now);
// Alerts changed: the same for those whose inhibitors came or went. Another alert changes nothing
// for what silences hold back, so a storm under a silence costs each alert once.
void RecheckInhibited(Transaction& tx, Nanos now);
// Why nobody is paged for the incident, "silenced by <id>" or "inhibited": all its firing alerts
// are suppressed. "": people are paged.
std::string WhyHeld(const Transaction& tx, const Incident& incident, Nanos now);
// Puts a page aside whose incident is held; false: it may be sent.
bool HoldPage(Transaction& tx, const std::string& row_id, Nanos now);
// Tiers that the decision tells although the incident is held, as when it opens in maintenance: the
// trail says that they are not paged, and their pages wait. Nothing else of the decision changes.
void HoldBack(Transaction& tx, Nanos now, IncidentDecision* decision);
// The incident is held no longer: its pages are due again. Whom they go to, by tier.
std::map<int, std::vector<std::string>> ReleasePages(Transaction& tx,
                                                     const std::string& incident_id, Nanos now);
// The trail says so.
void NoteReleased(Transaction& tx, const Incident& incident,
                  const std::map<int, std::vector<std::string>>& released, Nanos now);

// ---- messages
// -------------------------------------------------------------------------------------------------------
// Queues one row per integration that is asked for; false when the receiver does not exist.
bool QueuePage(Transaction& tx, const Incident& incident, const PageRequest& page, Nanos now);
// Takes due rows, of each lane as many as there is room for and `most` in all; rows that are out of
// date on the way to them are ended.
struct ClaimedRows {
  std::vector<OutboxRow> rows;
  Nanos next = 0;  // when more may be due, without an attempt ending; 0: never
};
ClaimedRows ClaimRows(Transaction& tx, Nanos now, size_t most, const OutboxSource::RoomOf& room_of,
                      bool ignore_epoch);
// What a row tells: of a fallback, what the other receiver had to tell.
OutboxKind ToldKind(const OutboxRow& row);
// Whether the row is still right: the epoch of a page is the incident's, a recovery's incident is
// not open again.
bool IsCurrent(const Transaction& tx, const OutboxRow& row);
std::string StaleText(const OutboxRow& row);  // why it is not
void EndRow(Transaction& tx, const std::string& id, OutboxOutcome outcome,
            const std::string& detail, Nanos now);
// As EndRow, by an attempt (nullptr: without one).
void EndAttemptedRow(Transaction& tx, const std::string& id, OutboxOutcome outcome,
                     const std::string& detail, const FinishedAttempt* attempt, Nanos now);
// `unit` in [0,1) spreads the next attempt.
void OnSendResult(Transaction& tx, const FinishedAttempt& attempt, double unit, Nanos now);
// Queues the message for the fallback receiver too, once its own has failed for long enough; false:
// not yet, or nobody stands in.
bool Divert(Transaction& tx, const std::string& row_id, Nanos failing_since, Nanos now);
// When it is time for that; 0: nobody stands in.
Nanos DivertedAt(const Transaction& tx, const OutboxRow& row, Nanos failing_since);
// The same at once, for a message that was refused for good.
void DivertRejected(Transaction& tx, const OutboxRow& row, const std::string& detail, Nanos now);
// Rows found in mid-sending at a start.
void SettleUnknownRows(Transaction& tx, Nanos now);
// What the row tells, from the alerts and incidents as they are.
Notification BuildNotification(const Transaction& tx, const OutboxRow& row, Nanos now);
// The labels of the group's route, rendered with all alerts of the group, which `take_alerts` hands
// over if a label needs them; what cannot be rendered is left out and told in `problems` (nullptr:
// nobody asks).
std::map<std::string, std::string> RouteLabels(
    const Plan& plan, const GroupRecord& group,
    const std::function<void(std::vector<Alert>*)>& take_alerts, Nanos now,
    std::vector<std::string>* problems);

// ---- reports
// ---------------------------------------------------------------------------------------------------------
// Queues a row per integration of the receiver; false when the receiver does not exist. What is
// queued already is passed over.
bool QueueReport(Transaction& tx, const DeskReport& report, Nanos now);

// ---- silences
// -------------------------------------------------------------------------------------------------------
// `new_id` is used when a new silence is made. Returns the id. `force` passes the guard rails.
StatusOr<std::string> PutSilence(Transaction& tx, Silence silence, const std::string& new_id,
                                 const std::string& channel, Nanos now, bool force);
// What fires now and matches.
SilenceReach ReachOf(const Transaction& tx, std::span<const Matcher> matchers, Nanos now);
Status ExpireSilence(Transaction& tx, const std::string& id, const std::string& channel, Nanos now,
                     const std::string& who);
// Stores it as it is; for imports.
void TakeSilence(Transaction& tx, const Silence& silence, const std::string& channel, Nanos now);
void OnSilenceEdge(Transaction& tx, const std::string& id, Nanos due);
// Sets its timers as its state says.
void RearmSilence(Transaction& tx, const Silence& silence, Nanos now);
// Time to look whether something matches a silence that ends when nothing does.
void OnSilenceIdle(Transaction& tx, const std::string& id, Nanos due, Nanos now);

// ---- damping
// ---------------------------------------------------------------------------------------------------------
inline constexpr std::string_view kDampedReason = "on hold: an alert of the group flaps; ";
// An alert began to fire, or was resolved.
void NoteChange(Transaction& tx, const AlertRecord& record, Nanos now);
// Adds what began to what is remembered of the last while.
void CountBegins(const FlapDamping& damping, std::span<const std::pair<uint64_t, Nanos>> begins,
                 std::map<uint64_t, std::vector<Nanos>>* counted);
// Whether the group is on hold at `due`; puts its flush off if so.
bool IsDamped(Transaction& tx, const std::string& group_id, Nanos due);
void OnDampingEnd(Transaction& tx, const std::string& group_id);

// ---- limits
// ---------------------------------------------------------------------------------------------------------
// Counts what fires by name, to keep DeskLimits::alerts_per_name. What is known to fire already may
// always be said again.
class AlertNameLimit {
 public:
  AlertNameLimit(const Transaction& tx, Nanos now);
  // Whether a posted alert may be stored; counts it if so.
  bool Admits(const Transaction& tx, const IncomingAlert& alert);

 private:
  const size_t limit_;
  const Nanos now_;
  void Change(const AlertRecord& record, int64_t by);

  std::map<std::string, int64_t, std::less<>> changes_;  // of the state's counts
};

// ---- configuration and start
// ----------------------------------------------------------------------------------------
// A reload: puts every alert where the plan wants it, removes groups that no route makes any more.
// The timers of all groups count from now, as if each were new: Alertmanager builds them anew, with
// the log of what was told.
void Regroup(Transaction& tx, Nanos now);
// The same, but groups that stay keep their beat.
void MoveMembers(Transaction& tx, Nanos now);
// The same at a start, when nobody is in a group yet: who is follows from the alerts.
void RegroupLoaded(Transaction& tx, Nanos now);
// Ends of alerts that passed while nobody was here (core.md rule 6).
void SettleAlertEnds(Transaction& tx, Nanos now);

}  // namespace outrider
