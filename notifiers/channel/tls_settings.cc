// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channel/tls_settings.h"

#include "storage/base/file.h"

namespace outrider {

TlsOptions ReadTlsOptions(const YamlNode& tls, const std::string& file) {
  TlsOptions options;
  YamlReader reader(tls, file, "tls_config");
  reader.Bool("insecure_skip_verify", &options.insecure_skip_verify);
  for (const auto& [key, target] : {std::pair{"ca", &options.ca_pem},
                                    {"cert", &options.cert_pem},
                                    {"key", &options.key_pem},
                                    {"server_name", &options.server_name},
                                    {"min_version", &options.min_version},
                                    {"max_version", &options.max_version}}) {
    reader.String(key, target);
  }
  for (const auto& [key, target] : {std::pair{"ca_file", &options.ca_file},
                                    {"cert_file", &options.cert_file},
                                    {"key_file", &options.key_file}}) {
    if (reader.String(key, target) && !target->empty()) *target = ResolveBeside(file, *target);
  }
  return options;
}

}  // namespace outrider
