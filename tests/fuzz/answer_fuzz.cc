// SPDX-License-Identifier: Apache-2.0
// What strangers can send to the doors that need no user; the first byte chooses: tokens (nothing
// that we did not sign may pass), forms and JSON of callbacks, text messages, rows.
#include <cstdlib>
#include <string>
#include <string_view>

#include "exporter/api/answer_proof.h"
#include "notifiers/desk/answer_codes.h"
#include "notifiers/desk/answer_token.h"

namespace outrider {
namespace {

const AnswerKeys kKeys{{{std::string(32, 'k'), 1, 0}}};

void Token(std::string_view text) {
  // Without the key there is no way to make one.
  if (ReadAnswer(kKeys, text, 2).ok()) std::abort();
  if (const auto bytes = Base64UrlDecode(text); bytes && Base64UrlEncode(*bytes) != text) {
    std::abort();
  }
}

// What is signed is read back, whatever names it has.
void Claim(std::string_view text) {
  const AnswerClaim claim{AnswerAction::kResolve,
                          std::string(text.substr(0, text.size() / 2)),
                          std::string(text.substr(text.size() / 2)),
                          60 * kNanosPerSecond,
                          {.epoch = static_cast<uint32_t>(text.size()), .loop = 3, .tier = 1}};
  const std::string token = SignAnswer(kKeys, claim);
  const auto read = ReadAnswer(kKeys, token, 2);
  if (token.size() <= 1024 && (!read.ok() || !(*read == claim))) std::abort();
  const std::string button = SignButton(kKeys, claim);
  if (button.size() > 54 || (!button.empty() && !ReadAnswer(kKeys, button, 2).ok())) std::abort();
}

void Callback(std::string_view text) {
  if (const auto form = ParseForm(text); form.ok()) {
    (void)ReadSlackButton(*form);
    if (CheckTwilio("secret", FormValue(*form, "s"), "https://o", *form).ok()) std::abort();
  }
  (void)ReadSlackButton({{"payload", std::string(text)}});
  (void)ReadTelegramButton(text);
}

void Rows(std::string_view bytes) {
  const auto codes = DecodeAnswerCodes(bytes);
  if (codes.ok() && !(*DecodeAnswerCodes(EncodeAnswerCodes(*codes)) == *codes)) std::abort();
  const auto keys = DecodeAnswerKeys(bytes);
  if (keys.ok() && !(*DecodeAnswerKeys(EncodeAnswerKeys(*keys)) == *keys)) std::abort();
}

}  // namespace
}  // namespace outrider

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace outrider;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      Token(text);
      break;
    case 1:
      Claim(text);
      break;
    case 2:
      Callback(text);
      break;
    case 3:
      (void)ParseCodeAnswer(text);
      (void)PhoneText(text);
      break;
    default:
      Rows(text);
  }
  return 0;
}
