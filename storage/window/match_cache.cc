// SPDX-License-Identifier: Apache-2.0
#include "storage/window/match_cache.h"

#include <algorithm>
#include <cstring>

namespace outrider {
namespace {

// About what an entry takes beside its key and ids.
constexpr size_t kEntryCost = 96;

// Lengths come first, so that no two lists of matchers give one key.
void AppendText(const std::string& text, std::string* key) {
  const auto size = static_cast<uint32_t>(text.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  key->append(bytes, sizeof size).append(text);
}

}  // namespace

std::string MatchCache::KeyOf(std::span<const Matcher> matchers) {
  size_t bytes = 0;
  for (const Matcher& matcher : matchers) {
    bytes += 1 + 2 * sizeof(uint32_t) + matcher.name().size() + matcher.value().size();
  }
  std::string key;
  key.reserve(bytes);
  for (const Matcher& matcher : matchers) {
    key.push_back(static_cast<char>(matcher.type()));
    AppendText(matcher.name(), &key);
    AppendText(matcher.value(), &key);
  }
  return key;
}

void MatchCache::NoteChange(uint32_t id) {
  if (log_.empty()) log_.resize(kRemembered);
  log_[changes_++ % kRemembered] = id;
}

std::optional<MatchCache::Found> MatchCache::Find(const std::string& key) {
  Found found;
  uint64_t seen = 0;
  {
    const absl::MutexLock lock(&mutex_);
    const auto at = entries_.find(key);
    if (at == entries_.end()) return std::nullopt;
    Entry& entry = at->second;
    entry.used = true;
    seen = entry.changes;
    if (changes_ - seen > kRemembered) return std::nullopt;
    found.ids = entry.ids;
  }
  if (seen == changes_) return found;
  for (uint64_t n = seen; n < changes_; ++n) found.changed.push_back(log_[n % kRemembered]);
  std::ranges::sort(found.changed);
  const auto repeated = std::ranges::unique(found.changed);
  found.changed.erase(repeated.begin(), repeated.end());
  return found;
}

size_t MatchCache::CostOf(const std::string& key, std::span<const uint32_t> ids) {
  return kEntryCost + key.size() + ids.size_bytes();
}

void MatchCache::Put(const std::string& key, std::span<const uint32_t> ids) {
  const absl::MutexLock lock(&mutex_);
  bool used = false;
  if (const auto at = entries_.find(key); at != entries_.end()) {
    used = at->second.used;
    bytes_ -= CostOf(key, at->second.ids);
    entries_.erase(at);
  }
  if (ids.size() > kMostIds) return;
  const size_t cost = CostOf(key, ids);
  const bool is_full = bytes_ + cost > kMostBytes;
  if (is_full && sweep_after_ > 0) {
    --sweep_after_;
    return;
  }
  if (is_full) Sweep();
  if (bytes_ + cost > kMostBytes) return;
  bytes_ += cost;
  entries_.emplace(key, Entry{.ids = {ids.begin(), ids.end()}, .changes = changes_, .used = used});
}

// What was not asked for again since the last time goes. Then those who want in wait for a while:
// what stayed needs time to be asked for.
void MatchCache::Sweep() {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto one = at++;
    if (one->second.used) {
      one->second.used = false;
      continue;
    }
    bytes_ -= CostOf(one->first, one->second.ids);
    entries_.erase(one);
  }
  sweep_after_ = entries_.size();
}

}  // namespace outrider
