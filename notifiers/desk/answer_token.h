// SPDX-License-Identifier: Apache-2.0
// What lets a person answer from a message without logging in: a signed claim "the bearer may do
// this to that incident until then". Two spellings: in links it names whom it was sent to; in
// buttons it is short enough for Telegram's 64 bytes, and the service says who presses it. Nothing
// of a token is stored: the key is, so that a token costs no row and needs no clearing up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/base/clock.h"
#include "storage/base/random.h"
#include "storage/base/status.h"

namespace outrider {

class RowReader;
class RowWriter;

// In tokens: add at the end.
enum class AnswerAction : uint8_t { kView, kAcknowledge, kResolve, kEscalate, kConfirm };
inline constexpr AnswerAction kLastAnswerAction = AnswerAction::kConfirm;
std::string_view AnswerActionText(AnswerAction action);   // view, acknowledge, resolve, …
std::string_view AnswerActionLabel(AnswerAction action);  // for a button: "Acknowledge"

// The store's keys, the one that signs first. An old one only proves what it has signed.
struct AnswerKeys {
  struct Key {
    std::string secret;  // 32 bytes
    Nanos made_at = 0;
    Nanos valid_until = 0;  // 0: no end
    friend bool operator==(const Key&, const Key&) = default;
  };
  std::vector<Key> keys;
  friend bool operator==(const AnswerKeys&, const AnswerKeys&) = default;
};
inline constexpr std::string_view kAnswerKeysKey{"keys\0", 5};  // in Family::kPaging
std::string EncodeAnswerKeys(const AnswerKeys& keys);
StatusOr<AnswerKeys> DecodeAnswerKeys(std::string_view bytes);
// A new key that signs from now on; what signed before proves until `old_until`, not at all when
// that has passed. Keys that prove nothing at `now` are left out.
AnswerKeys WithNewKey(const AnswerKeys& keys, Random& random, Nanos now, Nanos old_until);

// The step of an escalation that a page was of, so that the same page escalates only once.
struct AnsweredStep {
  uint32_t epoch = 0;
  int loop = 0;
  int tier = kNoTier;  // index; kNoTier: of no step, or nobody knows
  static constexpr int kNoTier = -1;
  friend bool operator==(const AnsweredStep&, const AnsweredStep&) = default;
};

// In tokens and rows.
void WriteStep(const AnsweredStep& step, RowWriter* out);
AnsweredStep ReadStep(RowReader* in);

struct AnswerClaim {
  AnswerAction action = AnswerAction::kView;
  std::string incident_id;
  std::string contact;   // the receiver it was sent to, such as "user:anna"; "" in buttons
  Nanos expires_at = 0;  // rounded up to seconds, in buttons to minutes
  AnsweredStep step = {};
  friend bool operator==(const AnswerClaim&, const AnswerClaim&) = default;
};

// Who answers by a token that was sent to `contact`: the user of "user:anna", else the receiver,
// because nobody knows which of its people it was.
std::string AnswererOf(const std::string& contact);
bool IsShared(const std::string& contact);  // a receiver's, not a user's

// For a URL: base64url of the claim and HMAC-SHA256 over it. "" without a key.
std::string SignAnswer(const AnswerKeys& keys, const AnswerClaim& claim);
// For a button: at most 54 characters, with 96 bits of the HMAC; "" when the incident's id is too
// long for that, or without a key.
std::string SignButton(const AnswerKeys& keys, const AnswerClaim& claim);
// What either says. PermissionDenied: not signed by us (any more). DeadlineExceeded: expired. The
// time taken does not tell how much of a forged one is right.
StatusOr<AnswerClaim> ReadAnswer(const AnswerKeys& keys, std::string_view token, Nanos now);

// Base64 with - and _ and without padding; nullopt for anything else.
std::string Base64UrlEncode(std::string_view bytes);
std::optional<std::string> Base64UrlDecode(std::string_view text);

}  // namespace outrider
