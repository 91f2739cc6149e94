// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/answer_bundles.h"

#include <fmt/format.h>

#include <algorithm>

#include "notifiers/desk/decide.h"
#include "notifiers/incident/decisions.h"

namespace outrider {
namespace {

// Tokens of buttons end with a minute.
constexpr Nanos kRounding = 60 * kNanosPerSecond;

AnswerBundle::Part PartOf(const OutboxRow& row) {
  return {row.incident_id, {.epoch = row.epoch, .loop = row.loop, .tier = row.tier}};
}

const ContactLoad* CarriedBy(const Transaction& tx, const OutboxRow& row) {
  if (row.kind != OutboxKind::kPage) return nullptr;
  const PagingRecord* record = tx.paging.Find(ContactLoadKey(row.receiver, row.integration));
  const auto* load = record == nullptr ? nullptr : std::get_if<ContactLoad>(record);
  return load != nullptr && load->carrier == row.id ? load : nullptr;
}

std::string FreeBundleId(const Transaction& tx, const OutboxRow& carrier, Nanos now) {
  std::string id;
  for (int salt = 0; id.empty() || FindBundle(tx, id) != nullptr; ++salt) {
    id = MakeIncidentId(carrier.id, now, salt);
    id[0] = 'b';  // no incident's
  }
  return id;
}

const AnswerBundle* AsBundle(const PagingRecord* record) {
  return record == nullptr ? nullptr : std::get_if<AnswerBundle>(record);
}

bool Holds(const std::vector<AnswerAction>& actions, AnswerAction action) {
  return std::ranges::find(actions, action) != actions.end();
}

Status AnswerOne(Transaction& tx, const AnswerClaim& claim, HumanAction human, Nanos now,
                 AnsweredIncidents* answered) {
  AnswerResult result;
  TRY(AnswerIncident(tx, claim, human, now, &result));
  // Two of a bundle may have been merged since: the better answer is told.
  const auto known =
      std::ranges::find(*answered, human.incident_id, &AnsweredIncidents::value_type::first);
  if (known == answered->end()) {
    answered->emplace_back(human.incident_id, std::move(result));
  } else if (result.outcome < known->second.outcome) {
    known->second = std::move(result);
  }
  return absl::OkStatus();
}

}  // namespace

void NoteBundle(Transaction& tx, const OutboxRow& carrier, Nanos now) {
  const ContactLoad* load = CarriedBy(tx, carrier);
  if (load == nullptr) return;
  AnswerBundle bundle;
  bundle.expires_at = now + tx.plan().config().answering.expire * kNanosPerMilli + kRounding;
  bundle.parts.push_back(PartOf(carrier));
  for (const std::string& id : load->bundled) {
    const OutboxRow* other = tx.outbox.Find(id);
    if (other != nullptr && IsCurrent(tx, *other)) bundle.parts.push_back(PartOf(*other));
  }
  std::string id = load->bundle;
  if (bundle.parts.size() < 2) {
    id.clear();
  } else if (id.empty()) {
    ForgetOldBundles(tx, now);
    id = FreeBundleId(tx, carrier, now);
  }
  if (id != load->bundle) {
    const std::string key = ContactLoadKey(carrier.receiver, carrier.integration);
    std::get<ContactLoad>(tx.paging.Edit(key)).bundle = id;
  }
  if (!id.empty()) tx.paging.Put(AnswerBundleKey(id), std::move(bundle));
}

std::string BundleIdOf(const Transaction& tx, const OutboxRow& row) {
  const ContactLoad* load = CarriedBy(tx, row);
  return load == nullptr ? "" : load->bundle;
}

const AnswerBundle* FindBundle(const Transaction& tx, const std::string& id) {
  return AsBundle(tx.paging.Find(AnswerBundleKey(id)));
}

const AnswerBundle* FindBundle(const DeskState& state, const std::string& id) {
  const auto record = state.paging.find(AnswerBundleKey(id));
  return record == state.paging.end() ? nullptr : AsBundle(record->second.get());
}

void ForgetOldBundles(Transaction& tx, Nanos now) {
  const std::string prefix = AnswerBundleKey("");
  const auto& rows = tx.state().paging;
  for (auto row = rows.lower_bound(prefix); row != rows.end(); ++row) {
    if (!row->first.starts_with(prefix)) break;
    const AnswerBundle* bundle = AsBundle(row->second.get());
    if (bundle != nullptr && bundle->expires_at <= now) tx.paging.Erase(row->first);
  }
}

std::vector<AnswerAction> OfferedForAll(const AnswerBundle& bundle, const IncidentFinder& find) {
  using enum AnswerAction;
  std::vector<AnswerAction> all;
  for (const AnswerBundle::Part& part : bundle.parts) {
    const Incident* incident = ActsFor(find(part.incident_id), find);
    if (incident == nullptr) continue;
    std::vector<AnswerAction> offered = OfferedFor(*incident, part.step);
    // Pages of the whole escalate it.
    if (incident->id != part.incident_id) std::erase(offered, kEscalate);
    all.insert(all.end(), offered.begin(), offered.end());
  }
  std::vector<AnswerAction> distinct;
  for (const AnswerAction action : {kAcknowledge, kConfirm, kResolve, kEscalate}) {
    // An acknowledgement of one that is asked for confirms it.
    if (action == kConfirm && Holds(all, kAcknowledge)) continue;
    if (Holds(all, action)) distinct.push_back(action);
  }
  return distinct;
}

std::string LabelForAll(AnswerAction action, size_t count) {
  if (action == AnswerAction::kView) return std::string(AnswerActionLabel(action));
  return fmt::format("{} all {}", AnswerActionLabel(action), count);
}

Status ViewBundle(const DeskState& state, const DeskConfig& config, const AnswerBundle& bundle,
                  AnswerView* view) {
  const auto find = [&state](const std::string& id) -> const Incident* {
    const auto incident = state.incidents.find(id);
    return incident == state.incidents.end() ? nullptr : incident->second.get();
  };
  AnswerClaim claim = view->claim;
  for (const AnswerBundle::Part& part : bundle.parts) {
    const Incident* incident = ActsFor(find(part.incident_id), find);
    if (incident == nullptr) continue;
    claim.action = AnswerAction::kView;
    claim.incident_id = part.incident_id;
    claim.step = part.step;
    view->parts.push_back(
        {state.incidents.find(incident->id)->second, LinkOf(config, *state.answer_keys, claim)});
  }
  if (view->parts.empty()) return NotFound("none of these incidents is known any more");
  view->incident = view->parts.front().incident;
  claim = view->claim;
  for (const AnswerAction action : OfferedForAll(bundle, find)) {
    claim.action = action;
    view->actions.push_back({std::string(AnswerActionText(action)),
                             LabelForAll(action, view->parts.size()),
                             LinkOf(config, *state.answer_keys, claim), ""});
  }
  return absl::OkStatus();
}

Status AnswerEach(Transaction& tx, const AnswerClaim& claim, const HumanAction& human, Nanos now,
                  AnsweredIncidents* answered) {
  answered->clear();
  const AnswerBundle* found = FindBundle(tx, claim.incident_id);
  if (found == nullptr) return AnswerOne(tx, claim, human, now, answered);
  const AnswerBundle bundle = *found;  // an escalation may write rows of the same table
  AnswerClaim one = claim;
  HumanAction who = human;
  who.data["bundle"] = claim.incident_id;
  for (const AnswerBundle::Part& part : bundle.parts) {
    one.incident_id = who.incident_id = part.incident_id;
    one.step = part.step;
    const Status done = AnswerOne(tx, one, who, now, answered);
    if (!done.ok() && !absl::IsNotFound(done)) return done;  // not found: forgotten meanwhile
  }
  if (answered->empty()) return NotFound("none of these incidents is known any more");
  return absl::OkStatus();
}

}  // namespace outrider
