// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/contact_world.h"

#include "notifiers/config/people_config.h"
#include "storage/base/text.h"

namespace outrider::sim {
namespace {

class ContactChannel final : public Channel {
 public:
  ContactChannel(ContactWorld& world, std::string receiver, std::string method)
      : world_(world), receiver_(std::move(receiver)), method_(std::move(method)) {}
  SendResult Send(const Notification& notification) override {
    return world_.Receive(receiver_, method_, Idempotent(), notification);
  }
  bool Idempotent() const override { return method_ == "ntfy" || method_ == "webhook"; }

 private:
  ContactWorld& world_;
  std::string receiver_;
  std::string method_;
};

// "ID (severity): title" of the lines behind the note.
std::set<std::string> BundledIn(const std::string& note) {
  std::set<std::string> ids;
  for (const std::string_view line : Split(note, '\n')) {
    const size_t bracket = line.find(" (");
    const bool names = line.starts_with('i') && bracket == 9;
    if (names) ids.emplace(line.substr(0, bracket));
  }
  return ids;
}

}  // namespace

Integration ContactWorld::Make(const std::string& receiver, const std::string& method) {
  Integration integration;
  integration.kind = method;
  integration.channel = std::make_unique<ContactChannel>(*this, receiver, method);
  return integration;
}

std::shared_ptr<const Receivers> ContactWorld::MakeReceivers(const Setup& setup) {
  std::vector<Receiver> receivers;
  for (const char* name : {"team", "pager", "backup"}) {
    receivers.emplace_back().name = name;
    receivers.back().integrations.push_back(Make(name, "webhook"));
  }
  for (const Person& person : setup.people) {
    receivers.emplace_back().name = std::string(kUserPrefix) + person.name;
    for (const std::string& method : person.methods) {
      receivers.back().integrations.push_back(Make(receivers.back().name, method));
    }
  }
  return std::make_shared<const Receivers>(std::move(receivers));
}

SendResult ContactWorld::Answer(const std::string& lane, Attempt* attempt) const {
  for (const Trouble& trouble : log_.troubles) {
    if (trouble.lane != lane || attempt->time < trouble.from || attempt->time >= trouble.to) {
      continue;
    }
    attempt->result = trouble.result;
    if (trouble.result == Attempt::Result::kRejected) {
      return SendResult::Rejected("HTTP 400", "clientError");
    }
    return SendResult::Retry("HTTP 503", "serverError", trouble.retry_after_ms);
  }
  return SendResult::Delivered();
}

SendResult ContactWorld::Receive(const std::string& receiver, const std::string& method,
                                 bool idempotent, const Notification& notification) {
  if (!alive_()) return SendResult::Retry("dead", "other");
  Attempt attempt;
  attempt.time = clock_.NowNanos();
  attempt.receiver = receiver;
  attempt.method = method;
  attempt.key = notification.idempotency_key;
  attempt.reason = notification.reason;
  attempt.incident = notification.incident_id;
  attempt.bundled = BundledIn(notification.note);
  attempt.idempotent = idempotent;
  attempt.repeat = notification.repeat;
  attempt.recovery = notification.resolved;
  attempt.crashes = log_.crashes;
  const SendResult answer = Answer(attempt.Lane(), &attempt);
  const bool delivered = attempt.result == Attempt::Result::kDelivered;
  if (delivered && attempt.Pages()) ++count_;
  const bool lost = faults_.loses && delivered && attempt.Pages() && count_ % 3 == 0;
  const int copies = lost ? 0 : faults_.doubles && delivered && count_ % 5 == 0 ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    Fact fact;
    fact.kind = FactKind::kAttempt;
    fact.time = attempt.time;
    fact.number = static_cast<int>(log_.attempts.size());
    log_.attempts.push_back(attempt);
    log_.facts.push_back(std::move(fact));
  }
  if (attempt.Pages() && during_) during_(attempt.incident);
  return answer;
}

}  // namespace outrider::sim
