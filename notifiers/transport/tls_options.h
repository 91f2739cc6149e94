// SPDX-License-Identifier: Apache-2.0
// How the far side of a TLS connection is checked and what is shown to it; for HTTP and mail.
#pragma once

#include <string>

namespace outrider {

struct TlsOptions {
  bool insecure_skip_verify = false;
  // Files are read for every new connection. A PEM text stands in place of its file.
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string ca_pem;
  std::string cert_pem;
  std::string key_pem;
  std::string server_name;            // asked for and checked in place of the host that is called
  std::string min_version = "TLS12";  // TLS10, TLS11, TLS12, TLS13
  std::string max_version;            // "": the newest

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

}  // namespace outrider
