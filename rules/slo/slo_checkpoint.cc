// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_checkpoint.h"

#include <map>

#include "storage/base/hash.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

constexpr size_t kDeletedAtOnce = 10'000;

std::string Beginning(const std::string& name) { return name + '\0'; }

std::string TrackKey(const std::string& name, const Labels& labels) {
  const Hash128 hash = HashBytes128(labels.packed());
  return Beginning(name) + 't' + BigEndian64(hash.high) + BigEndian64(hash.low);
}

Status LoadRunner(const std::map<std::string, std::string>& rows, SloRunner* runner) {
  const std::string beginning = Beginning(runner->spec().name);
  const auto feeds = rows.find(beginning + 'f');
  if (feeds == rows.end()) return absl::OkStatus();
  TRY(runner->LoadFeeds(feeds->second));
  const std::string tracks = beginning + 't';
  for (auto it = rows.lower_bound(tracks); it != rows.end() && it->first.starts_with(tracks);
       ++it) {
    TRY(runner->LoadTrack(it->second));
  }
  return absl::OkStatus();
}

}  // namespace

Status SloCheckpoint::Load(std::span<std::unique_ptr<SloRunner>> runners) {
  std::map<std::string, std::string> rows;
  TRY(store_.Scan(Family::kSlo, "", "", [&](const Row& row) {
    rows.emplace(row.key, row.value);
    return true;
  }));
  keys_.clear();
  for (const auto& [key, value] : rows) keys_.insert(key);
  for (std::unique_ptr<SloRunner>& runner : runners) {
    if (runner == nullptr) continue;
    const Status loaded = LoadRunner(rows, runner.get());
    if (loaded.ok()) continue;
    LogWarn("an objective begins anew: its saved events do not fit",
            {{"slo", runner->spec().name}, {"why", Message(loaded)}});
    runner = std::make_unique<SloRunner>(runner->spec());
  }
  return absl::OkStatus();
}

Batch SloCheckpoint::Changed(SloRunner* runner) const {
  const std::string& name = runner->spec().name;
  const std::string beginning = Beginning(name);
  Batch batch;
  batch.Put(Family::kSlo, beginning + 'f', runner->SaveFeeds());
  runner->SaveTracks([&](const Labels& labels, std::string row) {
    batch.Put(Family::kSlo, TrackKey(name, labels), std::move(row));
  });
  std::set<std::string> there = {beginning + 'f'};
  for (const auto& [labels, track] : runner->tracks()) there.insert(TrackKey(name, labels));
  for (auto key = keys_.lower_bound(beginning); key != keys_.end() && key->starts_with(beginning);
       ++key) {
    if (!there.contains(*key)) batch.Delete(Family::kSlo, *key);
  }
  return batch;
}

Batch SloCheckpoint::Gone(const std::set<std::string>& names) const {
  Batch batch;
  for (const std::string& key : keys_) {
    if (batch.writes().size() >= kDeletedAtOnce) break;
    if (!names.contains(key.substr(0, key.find('\0')))) batch.Delete(Family::kSlo, key);
  }
  return batch;
}

void SloCheckpoint::Written(const Batch& batch) {
  for (const Batch::Write& write : batch.writes()) {
    if (write.value) {
      keys_.insert(write.key);
    } else {
      keys_.erase(write.key);
    }
  }
}

}  // namespace outrider
