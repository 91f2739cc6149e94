// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
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

// What people may do about it now, the most likely first.
std::vector<AnswerAction> OfferedFor(const Incident& incident) {
  if (!incident.Open()) return {};
  if (incident.state != IncidentState::kNew) return {AnswerAction::kResolve};
  return {AnswerAction::kAcknowledge, AnswerAction::kResolve};
}

std::string LinkOf(const DeskConfig& config, const AnswerKeys& keys, const AnswerClaim& claim) {
  const std::string token = SignAnswer(keys, claim);
  return token.empty() ? "" : fmt::format("{}/outrider/v1/a/{}", config.external_url, token);
}

// The number that the row's phone knows the incident by; 0: none.
int NumberOf(const Transaction& tx, const OutboxRow& row) {
  const AnswerCodes* codes =
      tx.answer_codes.Find(std::string(PhoneOf(tx.plan().config().answering, row)));
  if (codes == nullptr) return 0;
  for (const AnswerCodes::Entry& entry : codes->entries) {
    if (entry.incident_id == row.incident_id) return entry.number;
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
  const int number = NumberOf(tx, row);
  const char letter = CodeLetter(claim.action);
  return number == 0 || letter == 0 ? "" : fmt::format("{}{}", number, letter);
}

Status Perform(Transaction& tx, AnswerAction action, const HumanAction& human, Nanos now) {
  switch (action) {
    case AnswerAction::kAcknowledge:
      return ActOnIncident(tx, IncidentAction::kAcknowledge, human, now);
    case AnswerAction::kResolve:
      return ActOnIncident(tx, IncidentAction::kResolve, human, now);
    case AnswerAction::kEscalate:
    case AnswerAction::kConfirm:
    case AnswerAction::kView:
      break;
  }
  return absl::FailedPreconditionError(
      fmt::format("this cannot be answered with {}", AnswerActionText(action)));
}

}  // namespace

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
  if (ButtonsOf(answering, row.integration) != Buttons::kCodes) return;
  const std::string phone(PhoneOf(answering, row));
  if (!CanReply(phone)) return;
  AnswerCodes& codes = tx.answer_codes.Find(phone) != nullptr
                           ? tx.answer_codes.Edit(phone)
                           : tx.answer_codes.Put(phone, {phone, {}, 0, {}});
  GiveNumber({0, row.incident_id, row.receiver, ExpiryOf(answering, row, now)}, now, &codes);
}

std::vector<NotificationAction> LinksFor(const DeskConfig& config, const AnswerKeys& keys,
                                         const Incident& incident, const AnswerClaim& bearer) {
  std::vector<NotificationAction> links;
  for (const AnswerAction action : OfferedFor(incident)) {
    AnswerClaim claim = bearer;
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
  std::vector<AnswerAction> offered = OfferedFor(*incident);
  if (offered.empty()) return {};
  offered.push_back(AnswerAction::kView);
  const Buttons buttons = ButtonsOf(config.answering, row.integration);
  AnswerClaim claim{AnswerAction::kView, incident->id, row.receiver,
                    ExpiryOf(config.answering, row, now)};
  std::vector<NotificationAction> actions;
  for (const AnswerAction action : offered) {
    claim.action = action;
    actions.push_back({std::string(AnswerActionText(action)),
                       std::string(AnswerActionLabel(action)),
                       LinkOf(config, tx.answer_keys(), claim), TokenOf(tx, row, buttons, claim)});
  }
  return actions;
}

Status AnswerIncident(Transaction& tx, AnswerAction action, const HumanAction& human, Nanos now,
                      AnswerResult* result) {
  const Incident* before = tx.incidents.Find(human.incident_id);
  if (before == nullptr) return NotFound(fmt::format("no incident {}", human.incident_id));
  const uint64_t events = before->audit_events;
  const Status done = Perform(tx, action, human, now);
  *result = {};
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
  event.text = fmt::format("{}: {}", AnswerActionText(action), result->reason);
  tx.Audit(std::move(event));
  ++tx.incidents.Edit(human.incident_id).audit_events;
  return absl::OkStatus();
}

}  // namespace outrider
