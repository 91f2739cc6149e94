// SPDX-License-Identifier: Apache-2.0
#include "exporter/access/token_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "exporter/access/roles.h"
#include "exporter/access/secret_text.h"
#include "storage/base/crypto.h"
#include "storage/base/log.h"
#include "storage/base/text.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr std::string_view kMark = "otr_";
constexpr std::string_view kFeedMark = "otc_";
constexpr size_t kPrefixLength = 12;
constexpr uint8_t kFeedFormat = 2;  // 1 is of tokens that call

std::string Prefix() { return std::string("token") + '\0'; }
std::string KeyOf(const std::string& name) { return Prefix() + name; }

}  // namespace

std::string EncodeAccessToken(const AccessToken& token) {
  RowWriter out(token.IsFeed() ? kFeedFormat : 1);
  out.Text(token.name).Text(token.hash).Text(token.prefix).Enum(token.role);
  out.U64(token.teams.size());
  for (const std::string& team : token.teams) out.Text(team);
  out.Text(token.created_by).I64(token.created_at).I64(token.expires_at).I64(token.last_used_at);
  if (token.IsFeed()) out.Text(token.feed_schedule).Text(token.feed_user);
  return out.Take();
}

StatusOr<AccessToken> DecodeAccessToken(std::string_view bytes) {
  RowReader in(bytes, kFeedFormat, "a token");
  AccessToken token;
  token.name = in.Text();
  token.hash = in.Text();
  token.prefix = in.Text();
  token.role = in.Enum(Role::kAdmin);
  for (uint64_t i = in.Count(); i > 0; --i) token.teams.push_back(in.Text());
  token.created_by = in.Text();
  token.created_at = in.I64();
  token.expires_at = in.I64();
  token.last_used_at = in.I64();
  if (in.format() == kFeedFormat) {
    token.feed_schedule = in.Text();
    token.feed_user = in.Text();
  }
  TRY(in.Finish());
  return token;
}

StatusOr<std::unique_ptr<TokenStore>> TokenStore::Open(StateStore& store, Random& random) {
  std::unique_ptr<TokenStore> tokens(new TokenStore(store, random));
  TRY(tokens->Load());
  return tokens;
}

Status TokenStore::Load() {
  const absl::MutexLock lock(&mutex_);
  return store_.Scan(Family::kDirectory, Prefix(), "", [&](const Row& row) {
    mutex_.AssertHeld();
    StatusOr<AccessToken> token = DecodeAccessToken(row.value);
    if (token.ok()) {
      name_of_[token->hash] = token->name;
      by_name_[token->name] = *std::move(token);
    } else {
      LogError("a token cannot be read: it is not accepted", {{"err", Message(token.status())}});
    }
    return true;
  });
}

StatusOr<std::string> TokenStore::Create(AccessToken token, const Caller& by, Nanos now,
                                         const ConfigRecorder& record) {
  const absl::MutexLock lock(&mutex_);
  if (by_name_.contains(token.name)) {
    return absl::AlreadyExistsError(fmt::format("there is a token {} already", Quote(token.name)));
  }
  const bool feed = token.IsFeed();
  const auto same = std::ranges::count_if(
      by_name_, [feed](const auto& other) { return other.second.IsFeed() == feed; });
  if (same >= static_cast<std::ptrdiff_t>(kMost)) {
    return absl::ResourceExhaustedError(fmt::format("there are {} tokens already", kMost));
  }
  std::string text = fmt::format("{}{}", feed ? kFeedMark : kMark, RandomSecret(random_));
  token.hash = Sha256(text);
  token.prefix = text.substr(0, kPrefixLength);
  token.created_by = by.name;
  token.created_at = now;
  token.last_used_at = 0;
  Batch rows;
  rows.Put(Family::kDirectory, KeyOf(token.name), EncodeAccessToken(token));
  const std::string what =
      feed ? fmt::format("token {}… of a calendar of schedule {} made", token.prefix,
                         token.feed_schedule)
           : fmt::format("token {}… made, role {}", token.prefix, RoleText(token.role));
  TRY(record("token:" + token.name, what, by, std::move(rows)));
  name_of_[token.hash] = token.name;
  by_name_[token.name] = std::move(token);
  return text;
}

Status TokenStore::Revoke(const std::string& name, const Caller& by, const ConfigRecorder& record) {
  const absl::MutexLock lock(&mutex_);
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return NotFound(fmt::format("no token {}", Quote(name)));
  Batch rows;
  rows.Delete(Family::kDirectory, KeyOf(name));
  TRY(record("token:" + name, fmt::format("token {}… revoked", found->second.prefix), by,
             std::move(rows)));
  name_of_.erase(found->second.hash);
  by_name_.erase(found);
  return absl::OkStatus();
}

std::vector<AccessToken> TokenStore::List() const {
  const absl::MutexLock lock(&mutex_);
  std::vector<AccessToken> out;
  for (const auto& [name, token] : by_name_) out.push_back(token);
  return out;
}

std::optional<AccessToken> TokenStore::Use(const std::string& text, Nanos now) {
  if (!text.starts_with(kMark)) return std::nullopt;
  const std::string hash = Sha256(text);
  const absl::MutexLock lock(&mutex_);
  const auto found = name_of_.find(hash);
  if (found == name_of_.end()) return std::nullopt;
  AccessToken& token = by_name_.at(found->second);
  if (token.IsFeed() || (token.expires_at != 0 && token.expires_at <= now)) return std::nullopt;
  NoteUse(&token, now);
  return token;
}

std::optional<AccessToken> TokenStore::UseFeed(const std::string& text, const std::string& schedule,
                                               const std::string& user, Nanos now) {
  if (!text.starts_with(kFeedMark)) return std::nullopt;
  const std::string hash = Sha256(text);
  const absl::MutexLock lock(&mutex_);
  const auto found = name_of_.find(hash);
  if (found == name_of_.end()) return std::nullopt;
  AccessToken& token = by_name_.at(found->second);
  if (!token.IsFeed() || token.feed_schedule != schedule || token.feed_user != user) {
    return std::nullopt;
  }
  if (token.expires_at != 0 && token.expires_at <= now) return std::nullopt;
  NoteUse(&token, now);
  return token;
}

void TokenStore::NoteUse(AccessToken* token, Nanos now) {
  if (token->last_used_at != 0 && now - token->last_used_at < kUseInterval) return;
  token->last_used_at = now;
  Batch rows;
  rows.Put(Family::kDirectory, KeyOf(token->name), EncodeAccessToken(*token));
  // When it was used last is worth no refusal: the next use tries again a minute later.
  const Status written = store_.Commit(rows, Durability::kBuffered);
  if (!written.ok()) LogWarn("the use of a token is not noted", {{"err", Message(written)}});
}

}  // namespace outrider
