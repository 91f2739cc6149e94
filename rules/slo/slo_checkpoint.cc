// SPDX-License-Identifier: Apache-2.0
#include "rules/slo/slo_checkpoint.h"

#include <map>

#include "storage/base/hash.h"
#include "storage/base/log.h"

namespace outrider {
namespace {

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
    const Status loaded = LoadRunner(rows, runner.get());
    if (loaded.ok()) continue;
    LogWarn("an objective begins anew: its saved events do not fit",
            {{"slo", runner->spec().name}, {"why", Message(loaded)}});
    runner = std::make_unique<SloRunner>(runner->spec());
  }
  return absl::OkStatus();
}

Status SloCheckpoint::Save(std::span<const std::unique_ptr<SloRunner>> runners,
                           Durability durability) {
  std::set<std::string> written;
  for (const std::unique_ptr<SloRunner>& runner : runners) {
    const std::string& name = runner->spec().name;
    Batch batch;
    const auto put = [&](const std::string& key, std::string value) {
      batch.Put(Family::kSlo, key, std::move(value));
      written.insert(key);
    };
    put(Beginning(name) + 'f', runner->SaveFeeds());
    for (const auto& [labels, track] : runner->tracks()) {
      put(TrackKey(name, labels), SloRunner::SaveTrack(labels, track));
    }
    TRY(store_.Commit(batch, durability));
  }
  Batch gone;
  for (const std::string& key : keys_) {
    if (!written.contains(key)) gone.Delete(Family::kSlo, key);
  }
  if (!gone.empty()) TRY(store_.Commit(gone, durability));
  keys_ = std::move(written);
  return absl::OkStatus();
}

}  // namespace outrider
