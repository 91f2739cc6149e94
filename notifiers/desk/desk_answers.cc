// SPDX-License-Identifier: Apache-2.0
// Answers from messages, as events of the desk.
#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/answer_bundles.h"
#include "notifiers/desk/desk_impl.h"

namespace outrider {

StatusOr<AnswerView> Desk::ReadAnswer(std::string_view token, Nanos now) const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  const DeskConfig& config = impl.plan->config();
  if (!config.answering.enabled) return absl::PermissionDeniedError("answering is switched off");
  // Without TRY: clang's lock analysis loses the lock behind it.
  StatusOr<AnswerClaim> claim = outrider::ReadAnswer(*impl.state.answer_keys, token, now);
  if (!claim.ok()) return claim.status();
  AnswerView view;
  view.claim = *std::move(claim);
  if (const AnswerBundle* bundle = FindBundle(impl.state, view.claim.incident_id)) {
    const Status shown = ViewBundle(impl.state, config, *bundle, &view);
    if (!shown.ok()) return shown;
    return view;
  }
  const Table<std::string, Incident>& incidents = impl.state.incidents;
  const auto find = [&incidents](const std::string& id) -> const Incident* {
    const auto incident = incidents.find(id);
    return incident == incidents.end() ? nullptr : incident->second.get();
  };
  const Incident* incident = ActsFor(find(view.claim.incident_id), find);
  if (incident == nullptr) return NotFound(fmt::format("no incident {}", view.claim.incident_id));
  view.incident = incidents.find(incident->id)->second;
  view.actions = LinksFor(config, *impl.state.answer_keys, *view.incident, view.claim);
  return view;
}

StatusOr<AnswerResult> Desk::Answer(AnswerAction action, const HumanAction& human, Nanos now,
                                    const AnsweredStep& step) {
  AnsweredIncidents answered;
  const AnswerClaim claim{action, human.incident_id, "", 0, step};
  TRY(impl_->Run(
      now, [&](Transaction& tx, Nanos at) { return AnswerEach(tx, claim, human, at, &answered); }));
  absl::ReaderMutexLock lock(&impl_->state_mutex);
  std::vector<AnswerResult> parts;
  for (auto& [id, result] : answered) {
    const auto incident = impl_->state.incidents.find(id);
    if (incident == impl_->state.incidents.end()) continue;
    result.incident = incident->second;
    parts.push_back(std::move(result));
  }
  if (parts.empty()) return NotFound("no incident " + human.incident_id);
  if (FindBundle(impl_->state, claim.incident_id) == nullptr) return std::move(parts.front());
  AnswerResult all;
  all.outcome = std::ranges::min_element(parts, {}, &AnswerResult::outcome)->outcome;
  all.incident = parts.front().incident;
  all.parts = std::move(parts);
  return all;
}

Status Desk::RotateAnswerKey(const HumanAction& human, bool revoke, Nanos now) {
  return impl_->Run(now, [&](Transaction& tx) {
    const int64_t expire = tx.plan().config().answering.expire * kNanosPerMilli;
    tx.PutAnswerKeys(WithNewKey(tx.answer_keys(), impl_->random, now, revoke ? now : now + expire));
    AuditEvent event;
    event.subject = "answers";
    event.kind = AuditKind::kConfigured;
    event.time = now;
    event.who = human.who;
    event.channel = human.channel;
    event.text = revoke ? "a new key signs links; older links are void"
                        : "a new key signs links; older links stay good until they expire";
    tx.Audit(std::move(event));
    tx.RequireSync();
    return absl::OkStatus();
  });
}

StatusOr<AnswerCodes::Entry> Desk::FindAnswerCode(const std::string& phone, int number,
                                                  Nanos now) const {
  const Impl& impl = *impl_;
  absl::ReaderMutexLock lock(&impl.state_mutex);
  const auto codes = impl.state.answer_codes.find(PhoneText(phone));
  const AnswerCodes::Entry* entry =
      codes == impl.state.answer_codes.end() ? nullptr : FindNumber(*codes->second, number, now);
  if (entry == nullptr) return NotFound(fmt::format("no incident {} on this phone", number));
  return *entry;
}

StatusOr<bool> Desk::CountAutoReply(const std::string& phone, Nanos now) {
  bool may = false;
  TRY(impl_->Run(now, [&](Transaction& tx) {
    const std::string known = PhoneText(phone);
    may = tx.answer_codes.Find(known) != nullptr && CountReply(now, &tx.answer_codes.Edit(known));
    return absl::OkStatus();
  }));
  return may;
}

}  // namespace outrider
