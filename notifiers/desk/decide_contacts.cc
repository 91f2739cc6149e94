// SPDX-License-Identifier: Apache-2.0
// When a page that is due reaches a person's contact method: quiet hours, bundles, throttles. All
// of it delays and none of it drops; what is remembered stands in rows, so that a restart changes
// nothing. Limits and what they are for: specs/incidents_oncall_slo.md §3 (after GoAlert's).
#include "notifiers/desk/decide_contacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>

#include "notifiers/config/people_config.h"
#include "notifiers/desk/answer_bundles.h"
#include "notifiers/desk/decide.h"
#include "notifiers/mute/time_interval.h"
#include "storage/base/duration.h"

namespace outrider {
namespace {

constexpr Nanos kMinuteNanos = kMinute * kNanosPerMilli;
// A page that waits for others is due again with them; this is for the eye only.
constexpr int64_t kAside = 3600 * kNanosPerSecond;
// Quiet hours are asked anew after a day at the latest.
constexpr int kMinutesOfDay = 24 * 60;
constexpr size_t kMostListed = 20;

// A page on its way to somebody.
struct Page {
  const OutboxRow& row;
  const Incident& incident;
  std::string user;
  std::string kind;    // of its integration
  bool first = false;  // of its incident to this contact method
};

std::string KindOf(const std::string& integration) {
  return integration.substr(0, integration.find('['));
}

// What is remembered of recoveries that go to a contact method together: a ContactLoad of its own,
// whose `incidents` are those that one message told of.
std::string RecoveriesOf(const std::string& integration) { return integration + "/recoveries"; }
bool IsOfRecoveries(const std::string& integration) { return integration.ends_with("/recoveries"); }

std::string LoadKeyOf(const OutboxRow& row) {
  const bool recovery = row.kind == OutboxKind::kRecovery;
  return ContactLoadKey(row.receiver, recovery ? RecoveriesOf(row.integration) : row.integration);
}

std::optional<Page> PageOf(const Transaction& tx, const OutboxRow& row) {
  if (row.kind != OutboxKind::kPage || !row.receiver.starts_with(kUserPrefix)) return std::nullopt;
  const Incident* incident = tx.incidents.Find(row.incident_id);
  if (incident == nullptr) return std::nullopt;
  const std::string target = fmt::format("{}/{}", row.receiver, row.integration);
  return Page{row, *incident, row.receiver.substr(kUserPrefix.size()), KindOf(row.integration),
              !incident->paged.contains(target)};
}

AccountLoad AccountOfKey(const Transaction& tx, const std::string& key) {
  const PagingRecord* record = tx.paging.Find(key);
  const auto* found = record == nullptr ? nullptr : std::get_if<AccountLoad>(record);
  return found == nullptr ? AccountLoad{} : *found;
}

const ContactLoad* FindLoad(const Transaction& tx, const std::string& key) {
  const PagingRecord* record = tx.paging.Find(key);
  return record == nullptr ? nullptr : std::get_if<ContactLoad>(record);
}

// Not copied for each page: thousands of them may wait for one contact method.
ContactLoad& EditLoad(Transaction& tx, const std::string& key) {
  if (FindLoad(tx, key) == nullptr) tx.paging.Put(key, ContactLoad{});
  return std::get<ContactLoad>(tx.paging.Edit(key));
}

// ---- putting aside

void PutAside(Transaction& tx, const Page& page, const std::string& why, Nanos until, Nanos now) {
  const std::string id = page.row.id;
  const bool said = page.row.last_error == why;
  if (!said) {
    AuditEvent event;
    event.subject = page.incident.id;
    event.kind = AuditKind::kPageHeld;
    event.time = now;
    event.channel = fmt::format("{}/{}", page.row.receiver, page.row.integration);
    event.to = page.row.kind == OutboxKind::kRecovery ? "recovery"
               : page.row.tier < 0                    ? "severity"
                                                      : std::to_string(page.row.tier + 1);
    event.text = fmt::format("{}: {}", event.channel, why);
    tx.Audit(std::move(event));
    ++tx.incidents.Edit(page.incident.id).audit_events;
  }
  OutboxRow& edited = tx.outbox.Edit(id);
  edited.due = until;
  edited.last_error = why;
}

// ---- quiet hours

bool IsQuiet(const UserPaging& user, Severity severity, Nanos time) {
  return std::ranges::any_of(user.quiet_hours, [&](const QuietHours& quiet) {
    return std::ranges::find(quiet.severities, severity) != quiet.severities.end() &&
           std::ranges::any_of(quiet.hours, [&](const TimeIntervalSpec& hours) {
             return ContainedIn(hours, time);
           });
  });
}

// The end of the quiet time that `now` lies in; 0: it lies in none.
Nanos QuietUntil(const UserPaging& user, Severity severity, Nanos now) {
  if (!IsQuiet(user, severity, now)) return 0;
  Nanos time = now - now % kMinuteNanos;
  for (int minute = 0; minute < kMinutesOfDay; ++minute) {
    time += kMinuteNanos;
    if (!IsQuiet(user, severity, time)) break;
  }
  return time;
}

bool WaitsForQuiet(Transaction& tx, const Page& page, Nanos now) {
  const UserPaging* user = tx.plan().people().FindUser(page.user);
  if (user == nullptr) return false;
  const Nanos until = QuietUntil(*user, page.incident.severity, now);
  if (until == 0) return false;
  PutAside(tx, page, fmt::format("{}{}", kQuietReason, page.user), until, now);
  return true;
}

// ---- bundles

void OpenWindow(const PagingConfig& people, Nanos now, ContactLoad* load) {
  const Nanos end = load->window_since + people.bundle_within * kNanosPerMilli;
  if (load->window_since != 0 && now < end && load->window_since <= now) return;
  load->window_since = now;
  load->incidents.clear();
}

// Whether the page may have a message of its own by what the window has seen; notes it.
bool GoesAlone(const Page& page, const PagingConfig& people, ContactLoad* load) {
  if (load->waiting.contains(page.row.id)) return false;
  const auto most = static_cast<size_t>(people.bundle_more_than);
  if (load->incidents.contains(page.incident.id)) return true;
  if (load->incidents.size() < most) {
    load->incidents.insert(page.incident.id);
    return true;
  }
  load->waiting.insert(page.row.id);
  return false;
}

bool WaitsForOthers(Transaction& tx, const Page& page, Nanos now) {
  const PagingConfig& people = tx.plan().people();
  const std::string id = page.row.id;
  const std::string key = ContactLoadKey(page.row.receiver, page.row.integration);
  if (const ContactLoad* load = FindLoad(tx, key)) {
    if (id == load->carrier) return false;
    if (load->bundled.contains(id) && tx.outbox.Find(load->carrier) != nullptr) {
      PutAside(tx, page, page.row.last_error, now + kAside, now);
      return true;
    }
  }
  if (!people.bundles || page.row.attempt > 0) return false;
  ContactLoad& load = EditLoad(tx, key);
  const bool news = page.first || page.row.tier == kRaisedTier;
  if (news && page.incident.severity == Severity::kCritical) {
    load.waiting.erase(id);
    return false;
  }
  OpenWindow(people, now, &load);
  if (GoesAlone(page, people, &load)) return false;
  const Nanos end = load.window_since + people.bundle_within * kNanosPerMilli;
  const std::string timer = ContactRuleId(page.row.receiver, page.row.integration);
  if (tx.TimerDue(TimerKind::kPageBundle, timer) == 0) {
    tx.SetTimer(TimerKind::kPageBundle, timer, end);
  }
  PutAside(tx, page, "waits to be sent in one message with others", end + kAside, now);
  return true;
}

// Those whose pages went together tell their ends together too, if these are near each other. The
// last of them waits for nobody.
bool RecoveryWaits(Transaction& tx, const Page& page, Nanos now) {
  const std::string id = page.row.id;
  const std::string key = LoadKeyOf(page.row);
  const ContactLoad* known = FindLoad(tx, key);
  if (known == nullptr || id == known->carrier) return false;
  if (known->bundled.contains(id) && tx.outbox.Find(known->carrier) != nullptr) {
    PutAside(tx, page, page.row.last_error, now + kAside, now);
    return true;
  }
  const PagingConfig& people = tx.plan().people();
  if (!people.bundles || page.row.attempt > 0) return false;
  if (!known->incidents.contains(page.incident.id)) return false;
  ContactLoad& load = EditLoad(tx, key);
  load.waiting.insert(id);
  const bool last = std::ranges::none_of(load.incidents, [&tx](const std::string& other) {
    const Incident* incident = tx.incidents.Find(other);
    return incident != nullptr && incident->Open();
  });
  const std::string timer = ContactRuleId(page.row.receiver, RecoveriesOf(page.row.integration));
  const Nanos end = last ? now : now + people.bundle_within * kNanosPerMilli;
  const Nanos due = tx.TimerDue(TimerKind::kPageBundle, timer);
  if (due == 0 || end < due) tx.SetTimer(TimerKind::kPageBundle, timer, end);
  PutAside(tx, page, "waits to be sent in one message with others", end + kAside, now);
  return true;
}

// One message told of all of them: so does one of their ends.
void RememberTogether(Transaction& tx, const OutboxRow& row, const std::set<std::string>& bundled) {
  if (row.kind != OutboxKind::kPage || bundled.empty()) return;
  ContactLoad& load = EditLoad(tx, ContactLoadKey(row.receiver, RecoveriesOf(row.integration)));
  std::erase_if(load.incidents,
                [&tx](const std::string& id) { return tx.incidents.Find(id) == nullptr; });
  load.incidents.insert(row.incident_id);
  for (const std::string& id : bundled) {
    if (const OutboxRow* other = tx.outbox.Find(id)) load.incidents.insert(other->incident_id);
  }
}

// Whose recoveries are about to be told: a later one goes alone.
void ForgetTogether(const Transaction& tx, ContactLoad* load) {
  for (const std::string& id : load->waiting) {
    const OutboxRow* row = tx.outbox.Find(id);
    if (row != nullptr && IsCurrent(tx, *row)) load->incidents.erase(row->incident_id);
  }
}

// The pages of `ids` that are still to be sent and right. Those of incidents that are held are put
// aside by themselves: others must not wait for them.
std::vector<std::string> StillDue(const Transaction& tx, const std::set<std::string>& ids,
                                  Nanos now) {
  std::vector<std::string> due;
  for (const std::string& id : ids) {
    const OutboxRow* row = tx.outbox.Find(id);
    if (row == nullptr || row->state != OutboxState::kDue || !IsCurrent(tx, *row)) continue;
    const Incident& incident = *tx.incidents.Find(row->incident_id);
    const bool page = row->kind == OutboxKind::kPage;
    if (page && incident.escalation.held_at != 0) continue;
    if (page && !WhyHeld(tx, incident, now).empty()) continue;
    due.push_back(id);
  }
  return due;
}

void Release(Transaction& tx, const std::set<std::string>& ids, Nanos now) {
  for (const std::string& id : ids) {
    const OutboxRow* row = tx.outbox.Find(id);
    if (row != nullptr && row->state == OutboxState::kDue && row->due > now) {
      tx.outbox.Edit(id).due = now;
    }
  }
}

// The worst first, then the oldest.
bool LeadsBundle(const Transaction& tx, const std::string& a, const std::string& b) {
  const OutboxRow& left = *tx.outbox.Find(a);
  const OutboxRow& right = *tx.outbox.Find(b);
  const Severity first = tx.incidents.Find(left.incident_id)->severity;
  const Severity second = tx.incidents.Find(right.incident_id)->severity;
  return std::tuple(second, left.created_at, a) < std::tuple(first, right.created_at, b);
}

// ---- throttles

// When one more may be sent; `now` or before: now. The clock may have been set back: what lies
// ahead does not count.
Nanos AllowedAt(const std::vector<Nanos>& sent, const RateLimit& limit, Nanos now) {
  const auto past = std::ranges::upper_bound(sent, now);
  if (past - sent.begin() < limit.count) return 0;
  return *(past - limit.count) + limit.per * kNanosPerMilli;
}

void Remember(Nanos now, DurationMs longest, std::vector<Nanos>* sent) {
  std::erase_if(*sent,
                [&](Nanos time) { return time > now || time + longest * kNanosPerMilli <= now; });
  sent->push_back(now);
}

bool OfProvider(const std::string& kind) { return kind == "twilio_sms" || kind == "twilio_voice"; }

std::string AccountOf(const Transaction& tx, const Page& page) {
  const UserPaging* user = tx.plan().people().FindUser(page.user);
  if (user == nullptr) return "twilio";
  const auto contact = user->contacts.find(page.row.integration);
  return fmt::format("twilio/{}", contact == user->contacts.end() ? "" : contact->second.account);
}

std::span<const RateLimit> LimitsOf(const PagingConfig& people, const std::string& kind) {
  const auto found = people.limits.find(kind);
  if (found == people.limits.end()) return {};
  return found->second;
}

bool IsThrottled(Transaction& tx, const Page& page, Nanos now) {
  const PagingConfig& people = tx.plan().people();
  if (!people.throttles || page.row.attempt > 0) return false;
  Nanos allowed = 0;
  if (!page.first) {
    const ContactLoad* load = FindLoad(tx, ContactLoadKey(page.row.receiver, page.row.integration));
    for (const RateLimit& limit : LimitsOf(people, page.kind)) {
      if (load != nullptr) allowed = std::max(allowed, AllowedAt(load->sent, limit, now));
    }
  }
  if (OfProvider(page.kind)) {
    const AccountLoad load = AccountOfKey(tx, AccountLoadKey(AccountOf(tx, page)));
    allowed = std::max(allowed, AllowedAt(load.sent, people.provider, now));
  }
  if (allowed <= now) return false;
  PutAside(tx, page, "throttled: it was sent enough", allowed, now);
  return true;
}

// One that is put off itself is not waited for: neither by those that were to go with it, unless
// they stay together, nor by those that go together next.
void LetOthersGo(Transaction& tx, const std::string& carrier, bool bundled_too, Nanos now) {
  const OutboxRow row = *tx.outbox.Find(carrier);
  const ContactLoad* load = FindLoad(tx, LoadKeyOf(row));
  if (load == nullptr || load->carrier != carrier) return;
  if (bundled_too || load->bundled.empty()) SettleBundle(tx, row, OutboxOutcome::kStale, now);
}

}  // namespace

bool PutOffRecovery(Transaction& tx, const std::string& row_id, Nanos now) {
  const OutboxRow& row = *tx.outbox.Find(row_id);
  const Incident* incident = tx.incidents.Find(row.incident_id);
  if (incident == nullptr || !row.receiver.starts_with(kUserPrefix)) return false;
  return RecoveryWaits(tx, {row, *incident, row.receiver.substr(kUserPrefix.size()), ""}, now);
}

bool PutOffPage(Transaction& tx, const std::string& row_id, Nanos now) {
  const std::optional<Page> page = PageOf(tx, *tx.outbox.Find(row_id));
  // A question has a time in which to answer: it is asked now.
  if (!page || page->row.tier == kAskTier) return false;
  if (WaitsForQuiet(tx, *page, now)) {
    LetOthersGo(tx, row_id, /*bundled_too=*/true, now);
    return true;
  }
  if (WaitsForOthers(tx, *page, now)) return true;
  if (!IsThrottled(tx, *page, now)) return false;
  LetOthersGo(tx, row_id, /*bundled_too=*/false, now);
  return true;
}

void CountPage(Transaction& tx, const OutboxRow& row, Nanos now) {
  const std::optional<Page> page = PageOf(tx, row);
  if (!page || !tx.plan().people().throttles) return;
  const std::span<const RateLimit> limits = LimitsOf(tx.plan().people(), page->kind);
  if (!limits.empty()) {
    Remember(now, std::ranges::max_element(limits, {}, &RateLimit::per)->per,
             &EditLoad(tx, ContactLoadKey(row.receiver, row.integration)).sent);
  }
  if (!OfProvider(page->kind)) return;
  const std::string key = AccountLoadKey(AccountOf(tx, *page));
  AccountLoad load = AccountOfKey(tx, key);
  Remember(now, tx.plan().people().provider.per, &load.sent);
  tx.paging.Put(key, std::move(load));
}

void OnPageBundle(Transaction& tx, const std::string& id, Nanos now) {
  tx.CancelTimer(TimerKind::kPageBundle, id);
  const auto [receiver, integration] = SplitPair(id);
  ContactLoad& load = EditLoad(tx, ContactLoadKey(receiver, integration));
  if (tx.outbox.Find(load.carrier) != nullptr) {
    // The last ones are not through yet: these are told together a while later.
    const Nanos later = now + tx.plan().people().bundle_within * kNanosPerMilli;
    tx.SetTimer(TimerKind::kPageBundle, id, later);
    return;
  }
  std::vector<std::string> due = StillDue(tx, load.waiting, now);
  std::ranges::sort(due, [&](const auto& a, const auto& b) { return LeadsBundle(tx, a, b); });
  Release(tx, load.waiting, now);  // also those that are outdated: a claim ends them
  load.window_since = 0;
  if (IsOfRecoveries(integration)) {
    ForgetTogether(tx, &load);
  } else {
    load.incidents.clear();
  }
  load.waiting.clear();
  load.carrier.clear();
  load.bundled.clear();
  load.bundle.clear();
  if (due.empty()) return;
  load.carrier =
      due.front();  // one alone has waited too: others that came before it do not delay it
  if (due.size() < 2) return;
  load.bundled.insert(due.begin() + 1, due.end());
  const std::string with =
      fmt::format("sent with that of incident {}", tx.outbox.Find(load.carrier)->incident_id);
  for (const std::string& bundled : load.bundled) {
    OutboxRow& row = tx.outbox.Edit(bundled);
    row.due = now + kAside;
    row.last_error = with;
  }
  NoteBundle(tx, *tx.outbox.Find(load.carrier), now);
}

void SettleBundle(Transaction& tx, const OutboxRow& row, OutboxOutcome outcome, Nanos now) {
  if (row.kind != OutboxKind::kPage && row.kind != OutboxKind::kRecovery) return;
  if (!row.receiver.starts_with(kUserPrefix)) return;
  const std::string key = LoadKeyOf(row);
  const ContactLoad* known = FindLoad(tx, key);
  if (known == nullptr || known->carrier != row.id) return;
  ContactLoad& load = EditLoad(tx, key);
  const std::set<std::string> bundled = std::exchange(load.bundled, {});
  load.carrier.clear();
  load.bundle.clear();
  const bool told = outcome == OutboxOutcome::kDelivered || outcome == OutboxOutcome::kUnknown ||
                    outcome == OutboxOutcome::kShadow;
  if (!told) return Release(tx, bundled, now);
  RememberTogether(tx, row, bundled);
  for (const std::string& id : bundled) {
    const OutboxRow* other = tx.outbox.Find(id);
    if (other == nullptr) continue;
    if (IsCurrent(tx, *other)) {
      EndRow(tx, id, outcome, fmt::format("in one message with incident {}", row.incident_id), now);
    } else {
      EndRow(tx, id, OutboxOutcome::kStale, StaleText(*other), now);
    }
  }
}

void AddBundled(const Transaction& tx, const OutboxRow& row, Notification* notification) {
  const bool recovery = row.kind == OutboxKind::kRecovery;
  if (row.kind != OutboxKind::kPage && !recovery) return;
  const ContactLoad* load = FindLoad(tx, LoadKeyOf(row));
  if (load == nullptr || load->carrier != row.id) return;
  size_t listed = 0;
  std::string lines;
  for (const std::string& id : load->bundled) {
    const OutboxRow* other = tx.outbox.Find(id);
    const Incident* incident =
        other != nullptr && IsCurrent(tx, *other) ? tx.incidents.Find(other->incident_id) : nullptr;
    if (incident == nullptr || ++listed > kMostListed) continue;
    lines += fmt::format("\n{} ({}): {}", incident->id, SeverityText(incident->severity),
                         incident->title);
    Alert alert;
    alert.labels = incident->labels;
    if (!incident->summary.empty()) alert.annotations["summary"] = incident->summary;
    alert.starts_at = {incident->starts_at, 0};
    if (recovery) alert.ends_at = {incident->resolved_at, 0};
    notification->alerts.push_back(std::move(alert));
  }
  if (listed == 0) return;
  if (listed > kMostListed) lines += fmt::format("\nand {} more", listed - kMostListed);
  notification->title = fmt::format("{} incidents{}", listed + 1, recovery ? " resolved" : "");
  notification->note +=
      fmt::format("{}and {} more incident{}:{}", notification->note.empty() ? "" : "; ", listed,
                  listed == 1 ? "" : "s", lines);
}

}  // namespace outrider
