// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/secret.h"

#include "storage/base/file.h"
#include "storage/base/text.h"

namespace outrider {
namespace {

std::string Scalar(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.IsMap() ? map.Find(key) : nullptr;
  return node != nullptr && node->IsScalar() ? node->scalar : std::string();
}

}  // namespace

StatusOr<std::string> Secret::Read() const {
  if (file.empty()) return value;
  const StatusOr<std::string> text = ReadFile(file);
  // Perhaps it is just being replaced: Unavailable makes the message wait.
  if (!text.ok()) return absl::UnavailableError(Message(text.status()));
  return std::string(Trim(*text));
}

Secret ReadSecret(const YamlNode& map, std::string_view key, const std::string& config_file) {
  Secret secret;
  secret.value = Scalar(map, key);
  secret.file = Scalar(map, std::string(key) + "_file");
  if (!secret.file.empty()) secret.file = ResolveBeside(config_file, secret.file);
  return secret;
}

Secret ReadSecret(const YamlNode& map, std::string_view key, const YamlNode& global,
                  std::string_view global_key, const std::string& config_file) {
  const Secret own = ReadSecret(map, key, config_file);
  return own.empty() ? ReadSecret(global, global_key, config_file) : own;
}

std::string Redacted(std::string text, std::string_view secret) {
  if (secret.size() < 4) return text;  // too short to be one, and to be found by accident
  for (size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "<secret>");
    at += sizeof("<secret>") - 1;
  }
  return text;
}

}  // namespace outrider
