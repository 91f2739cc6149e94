// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/answer_bundles.h"
#include "notifiers/desk/decide.h"
#include "notifiers/desk/decide_overlays.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

// Phones there cannot answer a text message. Source: specs/incidents_oncall_slo.md §3.
constexpr std::string_view kNoReplies[] = {"+91", "+86", "+502", "+506", "+507", "+84"};

// How the buttons of a kind of channel come back, if they do.
enum class Buttons : uint8_t { kLinks, kTokens, kCodes, kDigits };

Buttons ButtonsOf(const AnsweringConfig& answering, std::string_view integration) {
  const std::string_view kind = integration.substr(0, integration.find('['));
  if (kind == "slack" && answering.slack.on()) return Buttons::kTokens;
  if (kind == "telegram" && answering.telegram.on()) return Buttons::kTokens;
  if (kind == "twilio_sms" && answering.twilio.on()) return Buttons::kCodes;
  if (kind == "twilio_voice" && answering.twilio.on()) return Buttons::kDigits;
  return Buttons::kLinks;
}

std::string_view PhoneOf(const AnsweringConfig& answering, const OutboxRow& row) {
  const auto phone = answering.phones.find({row.receiver, row.integration});
  return phone == answering.phones.end() ? std::string_view() : phone->second;
}

bool CanReply(std::string_view phone) {
  return !phone.empty() && std::ranges::none_of(kNoReplies, [&](std::string_view country) {
    return phone.starts_with(country);
  });
}

bool CanBeAnswered(const Plan& plan) {
  return plan.config().answering.enabled && !plan.config().external_url.empty();
}

// Until when what a page offers is good; one that went out late is good for as long.
Nanos ExpiryOf(const AnsweringConfig& answering, const OutboxRow& row, Nanos now) {
  const int64_t expire = answering.expire * kNanosPerMilli;
  return (now - row.created_at > expire / 2 ? now : row.created_at) + expire;
}

AnsweredStep StepOf(const OutboxRow& row) {
  return {.epoch = row.epoch, .loop = row.loop, .tier = row.tier};
}

// The step that was told last.
AnsweredStep StepNow(const Incident& incident) {
  const Escalation& escalation = incident.escalation;
  AnsweredStep step{
      .epoch = incident.epoch, .loop = escalation.loop, .tier = escalation.next_tier - 1};
  if (step.tier >= 0 || escalation.tiers().empty()) return step;
  return {.epoch = incident.epoch,
          .loop = escalation.loop - 1,
          .tier = static_cast<int>(escalation.tiers().size()) - 1};
}

// Why a page of that step does not escalate the incident any more; "": it does.
std::string WhyPassed(const Incident& incident, const AnsweredStep& step) {
  const Escalation& escalation = incident.escalation;
  if (step.tier < 0) return "";
  if (step.epoch != incident.epoch) return "the escalation that paged has ended since";
  if (!ToldSince(escalation, step.loop, step.tier)) return "";
  return escalation.next_tier > 0 ? fmt::format("tier {} has been told", escalation.next_tier)
                                  : "the last tier has been told";
}

// The number that the row's phone knows the incident, or the bundle, by; 0: none.
int NumberOf(const Transaction& tx, const OutboxRow& row, const std::string& id) {
  const AnswerCodes* codes =
      tx.answer_codes.Find(std::string(PhoneOf(tx.plan().config().answering, row)));
  if (codes == nullptr) return 0;
  for (const AnswerCodes::Entry& entry : codes->entries) {
    if (entry.incident_id == id) return entry.number;
  }
  return 0;
}

std::string TokenOf(const Transaction& tx, const OutboxRow& row, Buttons buttons,
                    const AnswerClaim& claim) {
  switch (buttons) {
    case Buttons::kLinks:
      return "";
    case Buttons::kTokens:
      return claim.action == AnswerAction::kView ? "" : SignButton(tx.answer_keys(), claim);
    case Buttons::kDigits:  // the digit says what to do
      return claim.action == AnswerAction::kView ? SignButton(tx.answer_keys(), claim) : "";
    case Buttons::kCodes:
      break;
  }
  const int number = NumberOf(tx, row, claim.incident_id);
  const char letter = CodeLetter(claim.action);
  return number == 0 || letter == 0 ? "" : fmt::format("{}{}", number, letter);
}

// What the row's message can be answered for: its incident, or all that it tells of.
AnswerClaim ClaimOf(const Transaction& tx, const OutboxRow& row, Nanos now) {
  AnswerClaim claim{AnswerAction::kView, row.incident_id, row.receiver,
                    ExpiryOf(tx.plan().config().answering, row, now), StepOf(row)};
  const std::string bundle = BundleIdOf(tx, row);
  if (bundle.empty()) return claim;
  claim.incident_id = bundle;
  claim.step = {};  // each has its own
  return claim;
}

Status Perform(Transaction& tx, AnswerAction action, const HumanAction& human, Nanos now) {
  switch (action) {
    case AnswerAction::kAcknowledge:
      return ActOnIncident(tx, IncidentAction::kAcknowledge, human, now);
    case AnswerAction::kResolve:
      return ActOnIncident(tx, IncidentAction::kResolve, human, now);
    case AnswerAction::kConfirm:
      return ChangeIncident(tx, ConfirmWork(), human, now);
    case AnswerAction::kEscalate:  // EscalateOnce
    case AnswerAction::kView:
      break;
  }
  return absl::FailedPreconditionError(
      fmt::format("this cannot be answered with {}", AnswerActionText(action)));
}

// Whoever answers the same step again, or later than the clock, changes nothing: `*passed` says
// why.
Status EscalateOnce(Transaction& tx, const AnsweredStep& step, bool part, const HumanAction& human,
                    Nanos now, std::string* passed) {
  const Incident& incident = *tx.incidents.Find(human.incident_id);
  if (part && step.tier >= 0) {
    return absl::FailedPreconditionError(
        fmt::format("it is part of incident {}, which pages of its own escalate", incident.id));
  }
  std::string why = incident.Open() ? WhyPassed(incident, step) : "";
  if (!why.empty() && step.epoch != incident.epoch) return absl::FailedPreconditionError(why);
  if (why.empty()) return EscalateIncident(tx, human, false, now);
  *passed = std::move(why);
  return absl::OkStatus();
}

}  // namespace

std::vector<AnswerAction> OfferedFor(const Incident& incident, const AnsweredStep& step) {
  using enum AnswerAction;
  if (!incident.Open()) return {};
  if (incident.ack_asked_at != 0) return {kConfirm, kResolve};
  if (incident.state != IncidentState::kNew) return {kResolve};
  if (!incident.escalation.active || !WhyPassed(incident, step).empty()) {
    return {kAcknowledge, kResolve};
  }
  return {kAcknowledge, kResolve, kEscalate};
}

std::string LinkOf(const DeskConfig& config, const AnswerKeys& keys, const AnswerClaim& claim) {
  const std::string token = SignAnswer(keys, claim);
  return token.empty() ? "" : fmt::format("{}/outrider/v1/a/{}", config.external_url, token);
}

void EnsureAnswerKey(Transaction& tx, Random& random, Nanos now) {
  if (!CanBeAnswered(tx.plan()) || !tx.answer_keys().keys.empty()) return;
  tx.PutAnswerKeys(WithNewKey({}, random, now, now));
}

void ForgetOldCodes(Transaction& tx, Nanos now) {
  constexpr int64_t kHourNanos = 3600 * kNanosPerSecond;  // replies are counted for
  for (const auto& [phone, codes] : tx.state().answer_codes) {
    const bool live = std::ranges::any_of(codes->entries, [&](const AnswerCodes::Entry& entry) {
      return entry.expires_at + kHourNanos > now;
    });
    if (!live) tx.answer_codes.Erase(phone);
  }
}

void NumberPage(Transaction& tx, const OutboxRow& row, Nanos now) {
  const AnsweringConfig& answering = tx.plan().config().answering;
  if (ToldKind(row) != OutboxKind::kPage || !CanBeAnswered(tx.plan())) return;
  NoteBundle(tx, row, now);
  if (ButtonsOf(answering, row.integration) != Buttons::kCodes) return;
  const std::string phone(PhoneOf(answering, row));
  if (!CanReply(phone)) return;
  AnswerCodes& codes = tx.answer_codes.Find(phone) != nullptr
                           ? tx.answer_codes.Edit(phone)
                           : tx.answer_codes.Put(phone, {phone, {}, 0, {}});
  const AnswerClaim claim = ClaimOf(tx, row, now);
  GiveNumber({0, claim.incident_id, row.receiver, claim.expires_at, claim.step}, now, &codes);
}

std::vector<NotificationAction> LinksFor(const DeskConfig& config, const AnswerKeys& keys,
                                         const Incident& incident, const AnswerClaim& bearer) {
  std::vector<NotificationAction> links;
  AnswerClaim claim = bearer;
  if (claim.incident_id != incident.id) {
    // The page was of a part. What is shown now is the whole as it stands.
    claim.incident_id = incident.id;
    claim.step = StepNow(incident);
  }
  for (const AnswerAction action : OfferedFor(incident, claim.step)) {
    claim.action = action;
    links.push_back({std::string(AnswerActionText(action)), std::string(AnswerActionLabel(action)),
                     LinkOf(config, keys, claim), ""});
  }
  return links;
}

std::vector<NotificationAction> ActionsOf(const Transaction& tx, const OutboxRow& row, Nanos now) {
  const Incident* incident = tx.incidents.Find(row.incident_id);
  const DeskConfig& config = tx.plan().config();
  if (incident == nullptr || ToldKind(row) != OutboxKind::kPage) return {};
  if (!CanBeAnswered(tx.plan()) || tx.answer_keys().keys.empty()) return {};
  AnswerClaim claim = ClaimOf(tx, row, now);
  const AnswerBundle* bundle = FindBundle(tx, claim.incident_id);
  std::vector<AnswerAction> offered =
      bundle == nullptr
          ? OfferedFor(*incident, claim.step)
          : OfferedForAll(*bundle, [&](const std::string& id) { return tx.incidents.Find(id); });
  if (offered.empty()) return {};
  offered.push_back(AnswerAction::kView);
  const Buttons buttons = ButtonsOf(config.answering, row.integration);
  std::vector<NotificationAction> actions;
  for (const AnswerAction action : offered) {
    claim.action = action;
    actions.push_back({std::string(AnswerActionText(action)),
                       bundle == nullptr ? std::string(AnswerActionLabel(action))
                                         : LabelForAll(action, bundle->parts.size()),
                       LinkOf(config, tx.answer_keys(), claim), TokenOf(tx, row, buttons, claim)});
  }
  return actions;
}

Status AnswerIncident(Transaction& tx, const AnswerClaim& claim, HumanAction& human, Nanos now,
                      AnswerResult* result) {
  const Incident* before = ActsFor(tx.incidents.Find(human.incident_id),
                                   [&](const std::string& id) { return tx.incidents.Find(id); });
  if (before == nullptr) return NotFound(fmt::format("no incident {}", human.incident_id));
  const bool part = human.incident_id != before->id;
  human.incident_id = before->id;
  AnswerAction action = claim.action;
  // Whoever is asked whether they still work on it may say so by the button they know.
  if (action == AnswerAction::kAcknowledge && before->ack_asked_at != 0) {
    action = AnswerAction::kConfirm;
  }
  const uint64_t events = before->audit_events;
  *result = {};
  const Status done = action == AnswerAction::kEscalate
                          ? EscalateOnce(tx, claim.step, part, human, now, &result->reason)
                          : Perform(tx, action, human, now);
  if (done.ok()) {
    const bool again = tx.incidents.Find(human.incident_id)->audit_events == events;
    if (again) result->outcome = AnswerResult::Outcome::kAgain;
    return absl::OkStatus();
  }
  if (!absl::IsFailedPrecondition(done)) return done;
  result->outcome = AnswerResult::Outcome::kRefused;
  result->reason = Message(done);
  AuditEvent event;
  event.subject = human.incident_id;
  event.kind = AuditKind::kAnswerRefused;
  event.time = now;
  event.who = human.who;
  event.channel = human.channel;
  event.data = human.data;
  event.text = fmt::format("{}: {}", AnswerActionText(action), result->reason);
  tx.Audit(std::move(event));
  ++tx.incidents.Edit(human.incident_id).audit_events;
  return absl::OkStatus();
}

}  // namespace outrider
