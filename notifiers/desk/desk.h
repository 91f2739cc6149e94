// SPDX-License-Identifier: Apache-2.0
// The desk: every event about alerts and people comes in here, is decided by pure functions
// (decide.h), written as one batch, and only then seen by the dispatcher. See core.md; the life of
// an event is Desk::Impl::Run in desk_impl.h.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "notifiers/around/around_config.h"
#include "notifiers/config/alertmanager_config.h"
#include "notifiers/config/incidents_config.h"
#include "notifiers/desk/answer_config.h"
#include "notifiers/desk/answer_views.h"
#include "notifiers/desk/around_views.h"
#include "notifiers/desk/contact_views.h"
#include "notifiers/desk/escalation_views.h"
#include "notifiers/desk/history_records.h"
#include "notifiers/desk/incident_change.h"
#include "notifiers/desk/incoming.h"
#include "notifiers/desk/limits.h"
#include "notifiers/desk/views.h"
#include "notifiers/import/alertmanager_state.h"
#include "notifiers/incident/by_hand.h"
#include "notifiers/incident/decisions.h"
#include "notifiers/oncall/schedule.h"
#include "notifiers/outbox/delivery_config.h"
#include "notifiers/outbox/dispatcher.h"
#include "notifiers/outbox/receivers.h"
#include "notifiers/route/fixes.h"
#include "rules/alerting/alert_sink.h"
#include "rules/template/template.h"
#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/status.h"
#include "storage/state/state_store.h"

namespace outrider {

struct DeskConfig {
  AlertmanagerConfig alertmanager;
  IncidentsConfig incidents;
  std::shared_ptr<const Receivers> receivers;  // with those of users
  std::vector<Schedule> schedules;
  AnsweringConfig answering;
  AroundConfig around;       // heartbeats, maintenance windows, dependencies
  std::string external_url;  // without a slash at the end
  AlertingFixes fixes;
  DeskLimits limits;
  DeliveryConfig delivery;
  // For route labels; nullptr: they are taken as they stand.
  std::shared_ptr<const tmpl::TemplateSet> templates;
  DurationMs history_retention = 7 * kDay;  // 0: no history is kept
  // Asked beside alertmanager.route for every alert that is not sent to one receiver by name: the
  // webhooks made by API.
  std::vector<RouteConfig> api_routes;
};

// Faults for the simulator, which must notice each of them. Never set elsewhere.
struct DeskFaults {
  bool split_batch = false;         // a decision is written as two batches
  bool send_before_commit = false;  // rows can be sent one event before they are written
  bool ignore_epoch = false;        // pages go out although somebody has acknowledged
};

struct PostAlertsResult {
  size_t stored = 0;
  std::vector<std::string>
      errors;          // one per invalid alert; the valid ones were stored nevertheless
  size_t limited = 0;  // dropped by DeskLimits::alerts_per_name
};

struct ImportResult {
  size_t silences = 0;
  size_t entries = 0;   // of the notification log
  size_t outdated = 0;  // silences and entries that no longer matter, or are known better here
  std::vector<std::string> skipped;  // what could not be taken, one sentence each
};

// What a person does. Thread-safe like everything here.
struct HumanAction {
  std::string incident_id;
  std::string who;      // user name; "" is shown as "anonymous"
  std::string channel;  // api, cli, web, slack …
  std::string note;
  // For the audit trail: what else is known of them, such as the contact that was answered. By
  // name.
  std::map<std::string, std::string> data = {};
};

// A contact method of a user, as people name it: `email`, `sms[1]`.
struct ContactRef {
  std::string user;
  std::string method;
};

// A message that is about no alert, such as a team's weekly summary.
struct DeskReport {
  std::string id;  // of this report; the key of its messages is made of it
  std::string receiver;
  std::string title;                          // one line
  std::string text;                           // plain lines
  std::map<std::string, std::string> labels;  // with alertname: channels and templates see an alert
};

// Thread-safe. Reads do not wait for a commit in progress.
class Desk final : public AlertSink, public OutboxSource {
 public:
  // Reads the whole state from `store`, settles what a crash left (messages in mid-sending, ends of
  // alerts that passed meanwhile) and adapts groups to `config`. Everything outlives the desk.
  static StatusOr<std::unique_ptr<Desk>> Load(StateStore& store, Random& random, DeskConfig config,
                                              Nanos now, DeskFaults faults = {});
  ~Desk() override;
  // From now on the desk notices when the clock is set back, by the next event at the latest, and
  // moves what counts from a moment with it (decide_clock.h). Without one it believes what events
  // say. It outlives the desk.
  void Watch(const Clock& clock);

  // ---- events
  // -----------------------------------------------------------------------------------------------------
  Status OnAlerts(std::span<const Alert> alerts, Batch rule_state, Nanos now) override;
  // After rules were restored or reloaded: rule alerts that no rule owns any more are resolved.
  // `owned` holds the fingerprints that pending or firing rules still know.
  Status ReconcileRuleAlerts(const std::set<uint64_t>& owned, Nanos now);
  // POST /api/v2/alerts: unset times are 0 and are filled in; stored alerts are merged by
  // Alertmanager's rules.
  StatusOr<PostAlertsResult> PostAlerts(std::span<const Alert> alerts, Nanos now);
  // Reads the clock when it is the body's turn.
  StatusOr<PostAlertsResult> PostAlerts(const IncomingAlerts& alerts, const Clock& clock);

  // Each returns the incident as it is now. NotFound: no such incident. FailedPrecondition: not
  // from this state (the message names both). InvalidArgument: an empty note. Aborted: another
  // process took the state over.
  using IncidentResult = StatusOr<std::shared_ptr<const Incident>>;
  IncidentResult Acknowledge(const HumanAction& human, Nanos now);
  IncidentResult StartInvestigation(const HumanAction& human, Nanos now);
  IncidentResult Resolve(const HumanAction& human, Nanos now);
  IncidentResult Reopen(const HumanAction& human, Nanos now);
  IncidentResult Unacknowledge(const HumanAction& human, Nanos now);
  IncidentResult AddNote(const HumanAction& human, Nanos now);
  // Its SLA clocks stand still, or go on (sla_pause.h).
  IncidentResult Hold(const HumanAction& human, Nanos now);
  IncidentResult Unhold(const HumanAction& human, Nanos now);
  // What else people do. An incident that is merged into another one can only be unmerged.
  IncidentResult Change(const IncidentChange& change, const HumanAction& human, Nanos now);
  // Opens one that no alert opened; `human.incident_id` is not used.
  IncidentResult Create(const NewIncident& wanted, HumanAction human, Nanos now);
  // The next tier is told now; FailedPrecondition when the incident is taken care of or has told
  // its last tier, unless `force`.
  IncidentResult Escalate(const HumanAction& human, bool force, Nanos now);
  // Another policy, or the one that would be chosen now (""), from its first tier. NotFound: no
  // such policy. FailedPrecondition: the incident is resolved, or no policy fits it.
  IncidentResult ReapplyPolicy(const HumanAction& human, const std::string& policy, Nanos now);

  // A code goes to a contact method of a user and comes back, within ten minutes and three tries.
  // NotFound, FailedPrecondition, InvalidArgument (a wrong code): decide_verification.h.
  Status StartVerification(const std::string& user, const std::string& method, Nanos now);
  // `by`: who brings the code back, who need not be the user.
  Status ConfirmVerification(const ContactRef& contact, const std::string& code,
                             const HumanAction& by, Nanos now);

  // ---- answers from messages (desk_answers.cc)
  // What a token says. PermissionDenied: not signed here, or no longer valid. DeadlineExceeded:
  // expired. NotFound: the incident is forgotten. Changes nothing.
  StatusOr<AnswerView> ReadAnswer(std::string_view token, Nanos now) const;
  // Does what somebody answered; what comes too late is no error, and stands in the audit trail.
  // `step`: of the page that is answered; it escalates once, whoever presses how often. The id of a
  // bundle (AnswerClaim::incident_id of its message) answers for each of its incidents.
  StatusOr<AnswerResult> Answer(AnswerAction action, const HumanAction& human, Nanos now,
                                const AnsweredStep& step = {});
  // Signs with a new key from now on. What was signed before stays good until it expires, or ends
  // now with `revoke`.
  Status RotateAnswerKey(const HumanAction& human, bool revoke, Nanos now);
  // Whom a text message from `phone` means by a number (0: the only one). NotFound: nobody.
  StatusOr<AnswerCodes::Entry> FindAnswerCode(const std::string& phone, int number,
                                              Nanos now) const;
  // Whether a phone that has been paged may get one more automatic answer; counts it.
  StatusOr<bool> CountAutoReply(const std::string& phone, Nanos now);

  // Creates (id "") or updates a silence; returns its id, a new one when the old could not be
  // changed in place. NotFound: unknown id. InvalidArgument: Alertmanager's text. `channel` as in
  // HumanAction.
  // `force`: a silence beyond the guard rails (SilenceLimits) is accepted.
  StatusOr<std::string> SetSilence(Silence silence, const std::string& channel, Nanos now,
                                   bool force = false);
  // `who` did it; "" : who made the silence.
  Status ExpireSilence(const std::string& id, const std::string& channel, Nanos now,
                       const std::string& who = "");

  // desk_around.cc. `by`: who and through which door; its note, too, for the end of a window.
  // NotFound: no such heartbeat.
  Status Beat(const std::string& heartbeat, const BeatResult& result, const HumanAction& by,
              Nanos now);
  // InvalidArgument: its end is past. AlreadyExists: the name is taken.
  Status AddMaintenance(const MaintenanceWindow& window, const HumanAction& by, Nanos now);
  // NotFound. FailedPrecondition: the file has it.
  Status EndMaintenance(const std::string& name, const HumanAction& by, Nanos now);

  // Queues messages to receivers and writes `extra` in the same batch, so that who remembers there
  // what was told loses and repeats nothing. Attempts end a day after `now`. Returns the ids of
  // reports whose receiver does not exist.
  StatusOr<std::vector<std::string>> QueueReports(std::span<const DeskReport> reports, Batch extra,
                                                  Nanos now);

  // Takes over what an Alertmanager knew: its silences, and what its receivers were told, so that
  // nothing is told twice. Newer knowledge of ours stays.
  StatusOr<ImportResult> Import(const ImportedState& state, Nanos now);

  // Runs the timers due at or before `now`, in order, each at its own due time. Returns how many
  // ran; on an error the rest stays due.
  StatusOr<int> Tick(Nanos now);
  // When Tick should be called next (also for retrying unwritten decisions); nullopt: nothing is
  // due ever.
  std::optional<Nanos> NextDue() const;
  // Groups are rebuilt from the alerts, and their timers count from now: what has waited for
  // group_wait already is flushed at once (told is only what the log does not know). Running
  // escalations keep their policy.
  Status Reload(DeskConfig config, Nanos now);
  // The same, with `events` and `rows` in its batch: what people configure by API.
  Status Reload(DeskConfig config, Nanos now, std::vector<AuditEvent> events, Batch rows);
  // Other routes and receivers of webhooks made by API: groups that stay keep their timers.
  Status ReplaceApiRoutes(std::vector<RouteConfig> routes,
                          std::shared_ptr<const Receivers> receivers, Nanos now);
  // Writes `rows` and the event that says who did it as one.
  Status Configure(AuditEvent event, Batch rows, Nanos now);

  // Ticks until stopped; for a thread of the daemon.
  void RunTimers(const Clock& clock, std::stop_token stop);
  // Called, without any lock held, after a commit that queued messages: the dispatcher's Wake. Set
  // before use.
  void SetWakeDispatcher(std::function<void()> wake);

  // ---- for the dispatcher
  // -------------------------------------------------------------------------------------------
  StatusOr<ClaimAnswer> Claim(Nanos now, size_t most, const RoomOf& room) override;
  bool StillWanted(const OutboxRow& row, Nanos now) override;
  Status OnOutcomes(std::span<const FinishedAttempt> attempts, Nanos now) override;
  std::optional<Nanos> NextMessageDue() const override;

  // ---- snapshots
  // ----------------------------------------------------------------------------------------------------
  IncidentPage Incidents(const IncidentFilter& filter) const;
  // How much noise the incidents that are kept and match took away; limit, offset and states of the
  // filter are not used.
  GroupStatistics StatisticsOf(const IncidentFilter& filter) const;
  StatusOr<IncidentDetail> GetIncident(const std::string& id, Nanos now) const;
  StatusOr<EscalationView> GetEscalation(const std::string& incident_id, Nanos now) const;
  // Whom an alert that began to fire at `at` would page, and when, if nobody answered.
  EscalationView PreviewEscalation(const Alert& alert, Severity severity, Nanos at) const;
  // Contact methods of a user in the order of the file, and whether pages go there. NotFound: no
  // such user.
  StatusOr<std::vector<ContactView>> Contacts(const std::string& user) const;
  std::vector<PolicyView> Policies() const;  // in the order of the file, then those only in use
  // Unresolved alerts by fingerprint, and groups by labels and receiver, page by page: each page is
  // as things are when it is asked for, so that a walk over many holds nobody up and copies little.
  // `wanted` and `wants_receiver` (nullptr: all) are asked first. The desk outlives the walk.
  AlertPages WalkAlerts(Nanos now, std::function<bool(const Labels&)> wanted) const;
  GroupPages WalkGroups(Nanos now, std::function<bool(const Labels&)> wanted,
                        const std::function<bool(const std::string&)>& wants_receiver) const;
  std::vector<AlertView> Alerts(Nanos now) const;  // the same at once
  std::vector<GroupView> Groups(Nanos now) const;
  std::vector<Silence> Silences() const;  // by id
  StatusOr<Silence> GetSilence(const std::string& id) const;
  std::array<uint64_t, 3> CountSilences(Nanos now) const;  // by SilenceState
  // What a silence would mute: alerts that fire now, the first `limit` of them shown, and those of
  // the last day, of which the history tells (as far as it is kept).
  StatusOr<SilencePreview> PreviewSilence(std::span<const Matcher> matchers, size_t limit,
                                          Nanos now) const;
  // Newest first; since the process started, at most 1000. What became of pages for good stands in
  // the incident's audit trail.
  std::vector<DeliveryView> RecentDeliveries(size_t limit) const;
  std::vector<OutboxRow> Outbox() const;
  // Why the alert was or was not notified since `since`, at most `limit` records of each kind, the
  // newest ones, and where it stands at `now`. Reads the store; an alert that nobody knows has an
  // empty history.
  StatusOr<AlertHistory> History(uint64_t fingerprint, Nanos since, size_t limit, Nanos now) const;
  // Alerts that have ended since then and are forgotten, each once, the newest `limit` of them,
  // newest first.
  StatusOr<std::vector<EndedAlert>> EndedAlerts(std::span<const Matcher> matchers, Nanos since,
                                                size_t limit) const;
  // Attempts since then, oldest first; of one outcome, or "" for all. The newest `limit`.
  StatusOr<std::vector<AttemptRecord>> Attempts(Nanos since, std::string_view outcome,
                                                size_t limit) const;
  std::vector<HeartbeatView> Heartbeats(Nanos now) const;     // in the order of the file
  std::vector<MaintenanceView> Maintenance(Nanos now) const;  // those of the file first
  std::vector<DependencyView> Outages() const;  // dependencies in the order of the file
  DeskStats Stats(Nanos now) const;
  // Reads the audit trail from the store and checks every chain (audit_trail.h); returns how many
  // events it has.
  StatusOr<uint64_t> VerifyAudit() const;
  // Those of one bucket, 0 to kAuditBuckets - 1, in the order of its chain.
  StatusOr<std::vector<AuditEvent>> AuditEvents(uint8_t bucket) const;
  // Those of the incidents that opened in [from, to), incident by incident (opened_index.h); others
  // may come too.
  Status AuditOfOpened(Nanos from, Nanos to,
                       const std::function<void(const AuditEvent&)>& take) const;
  std::shared_ptr<const DeskConfig> config() const;

 private:
  struct Impl;
  explicit Desk(std::unique_ptr<Impl> impl);
  struct NewConfig {
    DeskConfig config;
    std::vector<AuditEvent> events = {};
    Batch rows = {};
    bool keeps_timers = false;
  };
  Status Replace(NewConfig change, Nanos now);
  std::unique_ptr<Impl> impl_;
};

}  // namespace outrider
