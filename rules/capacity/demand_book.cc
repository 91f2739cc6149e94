// SPDX-License-Identifier: Apache-2.0
#include "rules/capacity/demand_book.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "rules/capacity/recommend/needed_memory.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr uint8_t kFormat = 2;
constexpr uint8_t kWithHeld = 2;              // from this format on
constexpr size_t kRowsAtOnce = 256;           // in one batch
constexpr DurationMs kRecent = kHour;         // pods that a row names
constexpr DurationMs kKeepSaved = 2 * kHour;  // for pods that do not come back after a restart

bool ComesAndGoes(const WorkloadKey& workload) {
  return workload.workload_kind == kCronJobKind || workload.workload_kind == "Job";
}

void SaveHeld(const LastHeld& held, RowWriter& out) {
  for (const float value :
       {held.cpu_request, held.memory_request, held.cpu_limit, held.memory_limit}) {
    out.Double(value);
  }
  out.U64(held.containers_in_pod).Bool(held.init);
}

void LoadHeld(RowReader& in, LastHeld* held) {
  for (float* value :
       {&held->cpu_request, &held->memory_request, &held->cpu_limit, &held->memory_limit}) {
    const double read = in.Double();
    if (read >= 0 && read < 1e16) *value = static_cast<float>(read);
  }
  held->containers_in_pod = static_cast<uint16_t>(std::min<uint64_t>(in.U64(), UINT16_MAX));
  held->init = in.Bool();
}

std::string RowKey(const UsageKey& key) {
  std::string text;
  for (const std::string* part :
       {&key.workload.cluster, &key.workload.namespace_name, &key.workload.workload,
        &key.workload.workload_kind, &key.container}) {
    text += *part;
    text += '\0';
  }
  return text;
}

// Nothing if it is no such key.
std::optional<UsageKey> ParseRowKey(std::string_view text) {
  std::array<std::string, 5> parts;
  for (std::string& part : parts) {
    const size_t end = text.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    part = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  UsageKey key;
  key.workload = {std::move(parts[1]), std::move(parts[2]), std::move(parts[3]),
                  std::move(parts[0])};
  key.container = std::move(parts[4]);
  return key;
}

}  // namespace

DemandEntry& DemandBook::EntryFor(const WorkloadKey& workload, const std::string& container) {
  const auto [place, is_new] = entries_.try_emplace(UsageKey{workload, container});
  if (is_new) {
    place->second.key = &place->first;
    place->second.number = ++numbers_;
    if (ComesAndGoes(workload)) place->second.run_time = std::make_unique<RunTime>();
    ++version_;
  }
  return place->second;
}

void DemandBook::Prefetch(uint32_t number, UseKind kind, Near near) const {
  const DemandEntry* const entry = pods_.container(number).entry;
  if (entry == nullptr) return;
  const bool cpu = kind == UseKind::kCpu;
  if (near == Near::kNext) {
    entry->demand.PrefetchWeights(cpu);
    return;
  }
  __builtin_prefetch(&entry->changed, 1);
  __builtin_prefetch(cpu ? &entry->cpu_edge : &entry->memory_edge);
  entry->demand.PrefetchSample(cpu);
}

void DemandBook::OnUse(uint32_t number, UseKind kind, std::span<const Sample> points) {
  Container& container = pods_.container(number);
  if (container.entry == nullptr && pods_.PodOf(container).resolved) Bind(number);
  if (container.entry != nullptr) {
    Feed(kind, points, &container);
    return;
  }
  if (container.parked == nullptr) container.parked = std::make_unique<ParkedUse>();
  auto& parked = kind == UseKind::kCpu ? container.parked->cpu : container.parked->memory;
  const size_t room = ParkedUse::kMost - std::min(ParkedUse::kMost, parked.size());
  const auto kept = points.last(std::min(room, points.size()));
  parked.insert(parked.end(), kept.begin(), kept.end());
}

// Since its last sample; before the first one, since it started.
void DemandBook::NoteRun(Timestamp time, DurationMs age, const ContainerInstance& instance,
                         DemandEntry* entry) {
  if (time <= instance.cpu_done) return;
  const DurationMs since = instance.cpu_done == INT64_MIN ? age : time - instance.cpu_done;
  if (since > 0 && since <= kSilence) entry->run_time->Add(time, since);
}

bool DemandBook::IsAwaited(const DemandEntry& entry) const {
  const DurationMs silent = newest_ - entry.demand.last_time();
  if (entry.demand.last_time() == INT64_MIN) return false;
  if (entry.key->workload.workload_kind == kCronJobKind) return silent < kKeep;
  return !entry.ended && silent < kSilence;
}

void DemandBook::Feed(UseKind kind, std::span<const Sample> points, Container* container) {
  DemandEntry& entry = *container->entry;
  const bool cpu = kind == UseKind::kCpu;
  SampleFacts facts;
  facts.throttled_ratio = container->ThrottledRatio();
  facts.rss = container->rss;
  const Timestamp started = container->started != 0 ? container->started : container->pod_started;
  const double edge = cpu ? entry.cpu_edge : entry.memory_edge;
  for (const Sample& point : points) {
    if (point.time <= container->skip_until) continue;
    if ((cpu ? point.value : NeededMemory(point.value, facts.rss)) > edge) entry.news = true;
    // What came before the newest start says nothing of start-ups.
    facts.age = started != 0 && point.time >= started ? point.time - started : -1;
    if (cpu) {
      if (entry.run_time != nullptr) NoteRun(point.time, facts.age, container->instance, &entry);
      entry.demand.AddCpu(point.time, point.value, facts, &container->instance);
    } else {
      entry.demand.AddMemory(point.time, point.value, facts, &container->instance);
      if (facts.rss < 0 && point.value > container->uncached.value) container->uncached = point;
    }
  }
  entry.changed = true;
  newest_ = std::max(newest_, points.back().time);
  container->retired = false;
  if (observer_ == nullptr) return;
  const UsageOwner owner = {entry.number, entry.key->workload, entry.key->container};
  if (cpu) {
    observer_->OnUsage(owner, points, {});
  } else {
    observer_->OnUsage(owner, {}, points);
  }
}

// A pod that was there before a restart goes on where its row ends.
void DemandBook::Attach(uint32_t number, DemandEntry* entry) {
  Container* const container = &pods_.container(number);
  container->entry = entry;
  entry->bound.push_back(number);
  entry->changed = true;
  entry->guessed = pods_.PodOf(*container).by_name;
  ContainerInstance& instance = container->instance;
  const bool goes_on = instance.cpu_done != INT64_MIN || instance.memory_done != INT64_MIN;
  if (entry->until == INT64_MIN || goes_on) return;
  container->skip_until = entry->until;
  if (entry->saved == nullptr) return;
  const auto found = entry->saved->find(pods_.PodOf(*container).name);
  if (found == entry->saved->end()) return;
  instance = found->second;
  container->skip_until = INT64_MIN;
}

bool DemandBook::Bind(uint32_t number) {
  Container& container = pods_.container(number);
  const Pod& pod = pods_.PodOf(container);
  DemandEntry* const old = container.entry;
  if (old != nullptr && old->key->workload == pod.workload) {
    old->guessed = pod.by_name;
    return false;
  }
  DemandEntry& entry = EntryFor(pod.workload, container.name);
  if (old != nullptr) {
    std::erase(old->bound, number);
    // What was put down to a guess that nobody shares any more moves along.
    if (old->bound.empty() && old->guessed) {
      entry.demand.Merge(old->demand);
      if (entry.run_time && old->run_time) entry.run_time->Merge(*old->run_time);
      entry.changed = true;
      ended_.push_back(old->series);
      const auto place = entries_.find(*old->key);
      Erase(place, entry.key);
    }
  }
  Attach(number, &entry);
  SetHeap(number);
  if (container.parked == nullptr) return true;
  const std::unique_ptr<ParkedUse> parked = std::move(container.parked);
  if (!parked->cpu.empty()) Feed(UseKind::kCpu, parked->cpu, &container);
  if (!parked->memory.empty()) Feed(UseKind::kMemory, parked->memory, &container);
  for (const OomKill& kill : parked->kills) Kill(kill);
  for (const ResidentPeak& peak : parked->resident) AddResident(peak);
  return true;
}

void DemandBook::SetHeap(uint32_t number) {
  Container& container = pods_.container(number);
  if (container.entry == nullptr || container.heap_max <= 0) return;
  container.entry->demand.SetHeap(container.heap_max, container.heap_committed);
}

void DemandBook::AddResident(const ResidentPeak& peak) {
  Container& container = pods_.container(peak.container);
  if (container.pod == kNoSlot) return;
  if (container.entry != nullptr) {
    container.entry->demand.AddResident(peak.time, peak.bytes);
    container.entry->changed = true;
  } else if (container.parked != nullptr &&
             container.parked->resident.size() < ParkedUse::kMostKills) {
    container.parked->resident.push_back(peak);
  }
}

void DemandBook::Kill(const OomKill& kill) {
  Container& container = pods_.container(kill.container);
  if (container.pod == kNoSlot) return;
  // It may be killed before its first sample of use.
  if (container.entry == nullptr && pods_.PodOf(container).resolved) Bind(kill.container);
  if (container.entry == nullptr) {
    if (container.parked == nullptr) container.parked = std::make_unique<ParkedUse>();
    if (container.parked->kills.size() < ParkedUse::kMostKills) {
      container.parked->kills.push_back(kill);
    }
    return;
  }
  DemandEntry& entry = *container.entry;
  // Another series may have told of the same kill before the restart.
  const bool counted = kill.time <= entry.demand.last_oom() + LastEnd::kTogether;
  if (kill.at_start && entry.demand.ooms() > 0 && counted) return;
  entry.demand.AddOom(kill.time, container.requests.memory.value_or(0),
                      container.limits.memory.value_or(0), &container.instance);
  entry.changed = true;
  entry.news = true;
}

void DemandBook::Retire(uint32_t number) {
  Container& container = pods_.container(number);
  if (container.entry == nullptr || container.retired) return;
  container.retired = true;
  container.entry->demand.Retire(container.instance, container.instance.cpu_done);
  // How much of it was file cache will not become known: none.
  if (container.rss < 0 && container.uncached.value > 0) {
    container.entry->demand.AddResident(container.uncached.time, container.uncached.value);
  }
  container.entry->changed = true;
}

void DemandBook::Release(uint32_t number) {
  Retire(number);
  DemandEntry* const entry = std::exchange(pods_.container(number).entry, nullptr);
  if (entry == nullptr) return;
  std::erase(entry->bound, number);
  entry->changed = true;
}

bool DemandBook::IsOld(const DemandEntry& entry, Timestamp now) {
  if (!entry.bound.empty() || !entry.series.empty()) return false;
  const Timestamp last = std::max(entry.demand.last_time(), entry.demand.last_oom());
  return std::max(last, entry.until) < now - kKeep;
}

DemandBook::Entries::iterator DemandBook::Erase(Entries::iterator place, const UsageKey* heir) {
  const auto next = heir == nullptr ? std::nullopt : std::optional(*heir);
  for (GoneRow& gone : gone_rows_) {
    if (gone.heir == place->first) gone.heir = next;
  }
  ++version_;
  if (place->second.stored) gone_rows_.push_back({RowKey(place->first), next});
  return entries_.erase(place);
}

// --- the state store

std::string DemandBook::RowOf(const DemandEntry& entry, Timestamp until, Timestamp now) const {
  RowWriter out(kFormat);
  out.I64(until);
  entry.demand.Save(out);
  std::vector<const Container*> recent;
  for (const uint32_t number : entry.bound) {
    const Container& container = pods_.container(number);
    if (std::max(container.cpu.newest(), container.memory.newest()) >= now - kRecent) {
      recent.push_back(&container);
    }
  }
  out.U64(recent.size());
  for (const Container* container : recent) {
    out.Text(pods_.PodOf(*container).name);
    container->instance.Save(out);
  }
  SaveHeld(entry.last, out);
  out.Bool(entry.run_time != nullptr);
  if (entry.run_time != nullptr) entry.run_time->Save(out);
  return out.Take();
}

Status DemandBook::Save(Timestamp until, Timestamp now, DurationMs period) {
  if (store_ == nullptr) return absl::OkStatus();
  if (restored_at_ == INT64_MIN) restored_at_ = now;
  size_t left = entries_.size();
  if (period > 0) {
    const DurationMs elapsed =
        saved_at_ == INT64_MIN ? 0 : std::clamp<DurationMs>(now - saved_at_, 0, period);
    left = left * static_cast<size_t>(elapsed) / static_cast<size_t>(period) + 1;
  }
  saved_at_ = now;
  auto place = saved_up_to_ && period > 0 ? entries_.upper_bound(*saved_up_to_) : entries_.begin();
  while (left > 0 || !gone_rows_.empty()) {
    Batch batch;
    std::set<DemandEntry*> written;
    const auto write = [&](DemandEntry* entry) {
      if (!entry->changed || !written.insert(entry).second) return;
      batch.Put(Family::kCapacity, RowKey(*entry->key), RowOf(*entry, until, now));
    };
    // Who took along what a row held is written together with its end.
    for (const GoneRow& gone : gone_rows_) {
      batch.Delete(Family::kCapacity, gone.key);
      const auto heir = gone.heir ? entries_.find(*gone.heir) : entries_.end();
      if (heir != entries_.end()) write(&heir->second);
    }
    for (; left > 0 && place != entries_.end() && written.size() < kRowsAtOnce; --left, ++place) {
      DemandEntry& entry = place->second;
      if (entry.saved != nullptr && now - restored_at_ > kKeepSaved) entry.saved.reset();
      write(&entry);
      saved_up_to_ = place->first;
    }
    if (!batch.empty()) TRY(store_->Commit(batch, Durability::kBuffered));
    gone_rows_.clear();
    NoteSaved(batch, written);
    if (place == entries_.end()) {
      saved_up_to_.reset();
      break;
    }
  }
  return absl::OkStatus();
}

// What could not be written is written the next time.
void DemandBook::NoteSaved(const Batch& batch, const std::set<DemandEntry*>& written) {
  stats_.rows += written.size();
  for (const auto& write : batch.writes()) stats_.bytes += write.value ? write.value->size() : 0;
  for (DemandEntry* entry : written) {
    entry->changed = false;
    entry->stored = true;
  }
}

bool DemandBook::LoadRow(const Row& row) {
  const auto key = ParseRowKey(row.key);
  RowReader in(row.value, kFormat, "what a workload needs");
  DemandEntry entry;
  entry.until = in.I64();
  entry.demand.Load(in);
  entry.saved = std::make_unique<StringMap<ContainerInstance>>();
  for (uint64_t left = in.Count(); left > 0; --left) {
    std::string pod = in.Text();
    (*entry.saved)[std::move(pod)].Load(in);
  }
  if (key && ComesAndGoes(key->workload)) entry.run_time = std::make_unique<RunTime>();
  if (in.format() >= kWithHeld) {
    LoadHeld(in, &entry.last);
    RunTime run_time;
    if (in.Bool()) run_time.Load(in);
    if (entry.run_time != nullptr) *entry.run_time = run_time;
  }
  const Status status = in.Finish();
  if (!key || !status.ok()) {
    if (stats_.lost++ == 0) {
      LogWarn("what a workload needs cannot be read; it begins anew, as will others like it",
              {{"error", Message(status)}});
    }
    return false;
  }
  entry.stored = true;
  newest_ = std::max(newest_, entry.demand.last_time());
  entry.number = ++numbers_;
  ++version_;
  const auto place = entries_.insert_or_assign(*key, std::move(entry)).first;
  place->second.key = &place->first;
  return true;
}

Status DemandBook::Restore() {
  if (store_ == nullptr) return absl::OkStatus();
  return store_->Scan(Family::kCapacity, "", "", [&](const Row& row) {
    LoadRow(row);
    return true;
  });
}

}  // namespace outrider
