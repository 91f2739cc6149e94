// SPDX-License-Identifier: Apache-2.0
// When a page that is due reaches a person's contact method: quiet hours, bundles, throttles. All
// of it delays and none of it drops; what is remembered stands in rows, so that a restart changes
// nothing. Limits and what they are for: specs/incidents_oncall_slo.md §3 (after GoAlert's).
#include "notifiers/desk/decide_contacts.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "notifiers/config/people_config.h"
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

std::optional<Page> PageOf(const Transaction& tx, const OutboxRow& row) {
  if (row.kind != OutboxKind::kPage || !row.receiver.starts_with(kUserPrefix)) return std::nullopt;
  const Incident* incident = tx.incidents.Find(row.incident_id);
  if (incident == nullptr) return std::nullopt;
  const std::string target = fmt::format("{}/{}", row.receiver, row.integration);
  return Page{row, *incident, row.receiver.substr(kUserPrefix.size()), KindOf(row.integration),
              !incident->paged.contains(target)};
}

template <typename Record>
Record ReadRecord(const Transaction& tx, const std::string& key) {
  const PagingRecord* record = tx.paging.Find(key);
  const auto* found = record == nullptr ? nullptr : std::get_if<Record>(record);
  return found == nullptr ? Record{} : *found;
}

bool Has(const std::vector<std::string>& ids, const std::string& id) {
  return std::ranges::find(ids, id) != ids.end();
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
    event.to = std::to_string(page.row.tier + 1);
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
  PutAside(tx, page, fmt::format("quiet hours of {}", page.user), until, now);
  return true;
}

// ---- bundles

void OpenWindow(const PagingConfig& people, Nanos now, ContactLoad* load) {
  const Nanos end = load->window_since + people.bundle_within * kNanosPerMilli;
  if (load->window_since != 0 && now < end && load->window_since <= now) return;
  load->window_since = now;
  load->incidents.clear();
}

bool WaitsForOthers(Transaction& tx, const Page& page, Nanos now) {
  const PagingConfig& people = tx.plan().people();
  const std::string& id = page.row.id;
  const std::string key = ContactLoadKey(page.row.receiver, page.row.integration);
  ContactLoad load = ReadRecord<ContactLoad>(tx, key);
  if (id == load.carrier) return false;
  const bool urgent = page.first && page.incident.severity == Severity::kCritical;
  if (Has(load.bundled, id) && tx.outbox.Find(load.carrier) != nullptr) {
    PutAside(tx, page, page.row.last_error, now + kAside, now);
    return true;
  }
  if (!people.bundles || page.row.attempt > 0) return false;
  if (urgent) {
    if (std::erase(load.waiting, id) > 0) tx.paging.Put(key, std::move(load));
    return false;
  }
  OpenWindow(people, now, &load);
  const auto most = static_cast<size_t>(people.bundle_more_than);
  const bool own = load.incidents.contains(page.incident.id) || load.incidents.size() < most;
  const Nanos end = load.window_since + people.bundle_within * kNanosPerMilli;
  if (own && !Has(load.waiting, id)) {
    load.incidents.insert(page.incident.id);
  } else if (!Has(load.waiting, id)) {
    load.waiting.push_back(id);
  }
  const bool waits = Has(load.waiting, id);
  tx.paging.Put(key, std::move(load));
  if (!waits) return false;
  const std::string timer = ContactRuleId(page.row.receiver, page.row.integration);
  if (tx.TimerDue(TimerKind::kPageBundle, timer) == 0) {
    tx.SetTimer(TimerKind::kPageBundle, timer, end);
  }
  PutAside(tx, page, "waits to be sent in one message with others", end + kAside, now);
  return true;
}

// The pages of `ids` that are still to be sent and right.
std::vector<std::string> StillDue(const Transaction& tx, const std::vector<std::string>& ids) {
  std::vector<std::string> due;
  for (const std::string& id : ids) {
    const OutboxRow* row = tx.outbox.Find(id);
    if (row != nullptr && row->state == OutboxState::kDue && IsCurrent(tx, *row)) due.push_back(id);
  }
  return due;
}

void Release(Transaction& tx, const std::vector<std::string>& ids, Nanos now) {
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

// When one more may be sent; `now` or before: now.
Nanos AllowedAt(const std::vector<Nanos>& sent, const RateLimit& limit) {
  const auto count = static_cast<size_t>(limit.count);
  if (sent.size() < count) return 0;
  return sent[sent.size() - count] + limit.per * kNanosPerMilli;
}

void Remember(Nanos now, DurationMs longest, std::vector<Nanos>* sent) {
  // The clock may have been set back: what lies ahead would hold everything up.
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

const std::vector<RateLimit>& LimitsOf(const PagingConfig& people, const std::string& kind) {
  static const std::vector<RateLimit> kNone;
  const auto found = people.limits.find(kind);
  return found == people.limits.end() ? kNone : found->second;
}

bool IsThrottled(Transaction& tx, const Page& page, Nanos now) {
  const PagingConfig& people = tx.plan().people();
  if (!people.throttles || page.row.attempt > 0) return false;
  Nanos allowed = 0;
  if (!page.first) {
    const ContactLoad load =
        ReadRecord<ContactLoad>(tx, ContactLoadKey(page.row.receiver, page.row.integration));
    for (const RateLimit& limit : LimitsOf(people, page.kind)) {
      allowed = std::max(allowed, AllowedAt(load.sent, limit));
    }
  }
  if (OfProvider(page.kind)) {
    const AccountLoad load = ReadRecord<AccountLoad>(tx, AccountLoadKey(AccountOf(tx, page)));
    allowed = std::max(allowed, AllowedAt(load.sent, people.provider));
  }
  if (allowed <= now) return false;
  PutAside(tx, page, "throttled: it was sent enough", allowed, now);
  return true;
}

}  // namespace

bool PutOffPage(Transaction& tx, const std::string& row_id, Nanos now) {
  const std::optional<Page> page = PageOf(tx, *tx.outbox.Find(row_id));
  if (!page) return false;
  return WaitsForQuiet(tx, *page, now) || WaitsForOthers(tx, *page, now) ||
         IsThrottled(tx, *page, now);
}

void CountPage(Transaction& tx, const OutboxRow& row, Nanos now) {
  const std::optional<Page> page = PageOf(tx, row);
  if (!page || !tx.plan().people().throttles) return;
  const std::vector<RateLimit>& limits = LimitsOf(tx.plan().people(), page->kind);
  if (!limits.empty()) {
    const std::string key = ContactLoadKey(row.receiver, row.integration);
    ContactLoad load = ReadRecord<ContactLoad>(tx, key);
    Remember(now, std::ranges::max_element(limits, {}, &RateLimit::per)->per, &load.sent);
    tx.paging.Put(key, std::move(load));
  }
  if (!OfProvider(page->kind)) return;
  const std::string key = AccountLoadKey(AccountOf(tx, *page));
  AccountLoad load = ReadRecord<AccountLoad>(tx, key);
  Remember(now, tx.plan().people().provider.per, &load.sent);
  tx.paging.Put(key, std::move(load));
}

void OnPageBundle(Transaction& tx, const std::string& id, Nanos now) {
  tx.CancelTimer(TimerKind::kPageBundle, id);
  const auto [receiver, integration] = SplitPair(id);
  const std::string key = ContactLoadKey(receiver, integration);
  ContactLoad load = ReadRecord<ContactLoad>(tx, key);
  if (tx.outbox.Find(load.carrier) != nullptr) {
    // The last ones are not through yet: these are told together a while later.
    const Nanos later = now + tx.plan().people().bundle_within * kNanosPerMilli;
    tx.SetTimer(TimerKind::kPageBundle, id, later);
    return;
  }
  std::vector<std::string> due = StillDue(tx, load.waiting);
  std::ranges::sort(due, [&](const auto& a, const auto& b) { return LeadsBundle(tx, a, b); });
  Release(tx, load.waiting, now);  // also those that are outdated: a claim ends them
  load.window_since = 0;
  load.incidents.clear();
  load.waiting.clear();
  load.carrier.clear();
  load.bundled.clear();
  if (due.size() > 1) {
    load.carrier = due.front();
    load.bundled.assign(due.begin() + 1, due.end());
    for (const std::string& bundled : load.bundled) {
      OutboxRow& row = tx.outbox.Edit(bundled);
      row.due = now + kAside;
      row.last_error =
          fmt::format("sent with that of incident {}", tx.outbox.Find(load.carrier)->incident_id);
    }
  }
  tx.paging.Put(key, std::move(load));
}

void SettleBundle(Transaction& tx, const OutboxRow& row, bool told, Nanos now) {
  if (row.kind != OutboxKind::kPage || !row.receiver.starts_with(kUserPrefix)) return;
  const std::string key = ContactLoadKey(row.receiver, row.integration);
  ContactLoad load = ReadRecord<ContactLoad>(tx, key);
  if (load.carrier != row.id) return;
  const std::vector<std::string> bundled = std::exchange(load.bundled, {});
  load.carrier.clear();
  tx.paging.Put(key, std::move(load));
  if (!told) return Release(tx, bundled, now);
  for (const std::string& id : bundled) {
    const OutboxRow* other = tx.outbox.Find(id);
    if (other == nullptr) continue;
    if (IsCurrent(tx, *other)) {
      EndRow(tx, id, OutboxOutcome::kDelivered,
             fmt::format("in one message with incident {}", row.incident_id), now);
    } else {
      EndRow(tx, id, OutboxOutcome::kStale, StaleText(*other), now);
    }
  }
}

void AddBundled(const Transaction& tx, const OutboxRow& row, Notification* notification) {
  const ContactLoad load =
      ReadRecord<ContactLoad>(tx, ContactLoadKey(row.receiver, row.integration));
  if (row.kind != OutboxKind::kPage || load.carrier != row.id) return;
  size_t listed = 0;
  std::string lines;
  for (const std::string& id : load.bundled) {
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
    notification->alerts.push_back(std::move(alert));
  }
  if (listed == 0) return;
  if (listed > kMostListed) lines += fmt::format("\nand {} more", listed - kMostListed);
  notification->title = fmt::format("{} incidents", listed + 1);
  notification->note +=
      fmt::format("{}and {} more incident{}:{}", notification->note.empty() ? "" : "; ", listed,
                  listed == 1 ? "" : "s", lines);
}

}  // namespace outrider
