// SPDX-License-Identifier: Apache-2.0
#include "notifiers/desk/answer_token.h"

#include "notifiers/config/people_config.h"
#include "storage/base/crypto.h"
#include "storage/base/text.h"
#include "storage/state/row_codec.h"

namespace outrider {
namespace {

constexpr uint8_t kKeysFormat = 1;
constexpr uint8_t kClaimFormat = 2;        // 1: without the step
constexpr char kButtonFormat = '\x82';     // not a claim's
constexpr char kOldButtonFormat = '\x81';  // without the step
constexpr size_t kMacBytes = 32;
constexpr size_t kButtonMacBytes = 12;
constexpr size_t kMaxButtonId = 12;  // 40 bytes are 54 characters
constexpr size_t kMaxToken = 1024;   // characters; ours are far below
constexpr size_t kOldButtonHead = 1 + 1 + 4;
constexpr size_t kButtonHead = kOldButtonHead + 4 + 4 + 2;
constexpr uint32_t kButtonNoTier = 0xffff;
// What is signed begins with what it is for, so that no signature serves another purpose.
constexpr std::string_view kClaimPurpose = "outrider answer\n";
constexpr std::string_view kButtonPurpose = "outrider button\n";

struct ActionWords {
  std::string_view text;
  std::string_view label;
};
// In the order of the enum.
constexpr ActionWords kActions[] = {{"view", "Open"},
                                    {"acknowledge", "Acknowledge"},
                                    {"resolve", "Resolve"},
                                    {"escalate", "Escalate"},
                                    {"confirm", "Still on it"}};
static_assert(std::size(kActions) == static_cast<size_t>(kLastAnswerAction) + 1);

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string Mac(const AnswerKeys::Key& key, std::string_view purpose, std::string_view payload,
                size_t size) {
  return HmacSha256(key.secret, std::string(purpose) + std::string(payload)).substr(0, size);
}

Nanos RoundUp(Nanos time, int64_t unit) { return (time + unit - 1) / unit; }

std::string BigEndian32(uint32_t value) { return BigEndian64(value).substr(4); }
uint32_t ReadBigEndian32(std::string_view four) {
  return static_cast<uint32_t>(ReadBigEndian64(std::string(4, '\0') + std::string(four)));
}

bool IsButton(std::string_view bytes) {
  return bytes.starts_with(kButtonFormat) || bytes.starts_with(kOldButtonFormat);
}
size_t ButtonHead(std::string_view bytes) {
  return bytes.starts_with(kButtonFormat) ? kButtonHead : kOldButtonHead;
}

std::string ButtonStep(const AnsweredStep& step) {
  const bool known = step.tier >= 0 && step.tier < static_cast<int>(kButtonNoTier);
  return BigEndian32(step.epoch) + BigEndian32(static_cast<uint32_t>(step.loop)) +
         BigEndian32(known ? static_cast<uint32_t>(step.tier) : kButtonNoTier).substr(2);
}

AnsweredStep ReadButtonStep(std::string_view ten) {
  const uint32_t tier = ReadBigEndian32(std::string(2, '\0') + std::string(ten.substr(8, 2)));
  return {.epoch = ReadBigEndian32(ten.substr(0, 4)),
          .loop = static_cast<int>(ReadBigEndian32(ten.substr(4, 4))),
          .tier = tier == kButtonNoTier ? AnsweredStep::kNoTier : static_cast<int>(tier)};
}

StatusOr<AnswerClaim> ReadClaim(std::string_view payload) {
  RowReader in(payload, kClaimFormat, "an answer");
  AnswerClaim claim;
  claim.action = in.Enum(kLastAnswerAction);
  claim.expires_at = in.I64() * kNanosPerSecond;
  claim.incident_id = in.Text();
  claim.contact = in.Text();
  if (in.format() >= 2) claim.step = ReadStep(&in);
  TRY(in.Finish());
  return claim;
}

StatusOr<AnswerClaim> ReadButton(std::string_view payload) {
  const auto action = static_cast<uint8_t>(payload[1]);
  if (action > static_cast<uint8_t>(kLastAnswerAction)) return InvalidArgument("no such action");
  AnswerClaim claim;
  claim.action = static_cast<AnswerAction>(action);
  claim.expires_at = int64_t{ReadBigEndian32(payload.substr(2, 4))} * 60 * kNanosPerSecond;
  if (payload.starts_with(kButtonFormat)) {
    claim.step = ReadButtonStep(payload.substr(kOldButtonHead));
  }
  claim.incident_id = payload.substr(ButtonHead(payload));
  return claim;
}

}  // namespace

std::string_view AnswerActionText(AnswerAction action) {
  return kActions[static_cast<size_t>(action)].text;
}
std::string_view AnswerActionLabel(AnswerAction action) {
  return kActions[static_cast<size_t>(action)].label;
}

bool IsShared(const std::string& contact) { return !contact.starts_with(kUserPrefix); }

std::string AnswererOf(const std::string& contact) {
  return IsShared(contact) ? contact : contact.substr(kUserPrefix.size());
}

void WriteStep(const AnsweredStep& step, RowWriter* out) {
  out->U64(step.epoch).I64(step.loop).I64(step.tier);
}

AnsweredStep ReadStep(RowReader* in) {
  AnsweredStep step;
  step.epoch = static_cast<uint32_t>(in->U64());
  step.loop = static_cast<int>(in->I64());
  step.tier = static_cast<int>(in->I64());
  return step;
}

std::string EncodeAnswerKeys(const AnswerKeys& keys) {
  RowWriter out(kKeysFormat);
  out.U64(keys.keys.size());
  for (const AnswerKeys::Key& key : keys.keys) {
    out.Text(key.secret).I64(key.made_at).I64(key.valid_until);
  }
  return out.Take();
}

StatusOr<AnswerKeys> DecodeAnswerKeys(std::string_view bytes) {
  RowReader in(bytes, kKeysFormat, "the keys of answers");
  AnswerKeys keys;
  for (uint64_t i = in.Count(); i > 0; --i) {
    AnswerKeys::Key& key = keys.keys.emplace_back();
    key.secret = in.Text();
    key.made_at = in.I64();
    key.valid_until = in.I64();
    if (key.secret.size() != kMacBytes) in.Fail();
  }
  TRY(in.Finish());
  return keys;
}

AnswerKeys WithNewKey(const AnswerKeys& keys, Random& random, Nanos now, Nanos old_until) {
  AnswerKeys fresh;
  AnswerKeys::Key& key = fresh.keys.emplace_back();
  while (key.secret.size() < kMacBytes) key.secret += BigEndian64(random.Next());
  key.made_at = now;
  for (AnswerKeys::Key old : keys.keys) {
    if (old.valid_until == 0 || old.valid_until > old_until) old.valid_until = old_until;
    if (old.valid_until > now) fresh.keys.push_back(std::move(old));
  }
  return fresh;
}

std::string SignAnswer(const AnswerKeys& keys, const AnswerClaim& claim) {
  if (keys.keys.empty()) return "";
  RowWriter out(kClaimFormat);
  out.Enum(claim.action).I64(RoundUp(claim.expires_at, kNanosPerSecond));
  out.Text(claim.incident_id).Text(claim.contact);
  WriteStep(claim.step, &out);
  const std::string payload = out.Take();
  return Base64UrlEncode(payload + Mac(keys.keys.front(), kClaimPurpose, payload, kMacBytes));
}

std::string SignButton(const AnswerKeys& keys, const AnswerClaim& claim) {
  if (keys.keys.empty() || claim.incident_id.size() > kMaxButtonId) return "";
  std::string payload{kButtonFormat, static_cast<char>(claim.action)};
  payload += BigEndian32(static_cast<uint32_t>(RoundUp(claim.expires_at, 60 * kNanosPerSecond)));
  payload += ButtonStep(claim.step);
  payload += claim.incident_id;
  return Base64UrlEncode(payload +
                         Mac(keys.keys.front(), kButtonPurpose, payload, kButtonMacBytes));
}

StatusOr<AnswerClaim> ReadAnswer(const AnswerKeys& keys, std::string_view token, Nanos now) {
  const Status foreign = absl::PermissionDeniedError("this was not signed here");
  if (token.size() > kMaxToken) return foreign;
  const std::optional<std::string> bytes = Base64UrlDecode(token);
  if (!bytes || bytes->empty()) return foreign;
  const bool button = IsButton(*bytes);
  const size_t mac_size = button ? kButtonMacBytes : kMacBytes;
  if (bytes->size() <= mac_size + (button ? ButtonHead(*bytes) : 0)) return foreign;
  const std::string_view payload = std::string_view(*bytes).substr(0, bytes->size() - mac_size);
  const std::string_view mac = std::string_view(*bytes).substr(payload.size());
  bool signed_here = false;
  for (const AnswerKeys::Key& key : keys.keys) {
    const bool valid = key.valid_until == 0 || now < key.valid_until;
    const std::string wanted = Mac(key, button ? kButtonPurpose : kClaimPurpose, payload, mac_size);
    signed_here = (SameSecret(mac, wanted) && valid) || signed_here;
  }
  if (!signed_here) return foreign;
  StatusOr<AnswerClaim> claim = button ? ReadButton(payload) : ReadClaim(payload);
  if (!claim.ok()) return foreign;
  if (now >= claim->expires_at) return absl::DeadlineExceededError("this has expired");
  return claim;
}

std::string Base64UrlEncode(std::string_view bytes) {
  std::string text = Base64Encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

std::optional<std::string> Base64UrlDecode(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    bits = (bits << 6 | static_cast<uint32_t>(digit)) & 0xffff;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(static_cast<char>(bits >> held & 0xff));
  }
  // One text for the same bytes: nothing may be left over.
  if (held >= 6 || (bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace outrider
