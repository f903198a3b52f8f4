#include <doctest/doctest.h>

#include "tests/integration/support/agent_with_aws.h"
#include "tests/integration/support/certificate.h"

namespace sma::integration {

namespace {

standin::StandinOptions serving(const Certificate& certificate) {
  standin::StandinOptions options;
  options.tls_certificate = certificate.certificate_file();
  options.tls_key = certificate.key_file();
  return options;
}

/// An agent that asks `aws` and trusts whom `trust` says.
AgentSettings asking(const standin::Standin& aws, const Variables& trust) {
  AgentSettings settings;
  settings.environment = aws.environment();
  settings.environment["SMA_VALIDATE_CREDENTIALS"] = "false";
  for (const auto& [name, value] : trust) settings.environment[name] = value;
  return settings;
}

}  // namespace

TEST_CASE("a certificate that cannot be trusted is refused, and answer and log say why") {
  const Certificate authority;
  const Certificate stranger;
  struct Case {
    CertificateFacts facts;
    std::string why;
  };
  for (const Case& refused :
       {Case{{.valid_from = -7200, .valid_until = -3600, .issuer = &authority}, "certificate has expired"},
        Case{{.valid_from = 3600, .valid_until = 7200, .issuer = &authority}, "certificate is not yet valid"},
        Case{{.address = "127.0.0.2", .issuer = &authority}, "no alternative certificate subject name matches"},
        Case{{}, "self-signed certificate"}, Case{{.issuer = &stranger}, "unable to get local issuer certificate"}}) {
    CAPTURE(refused.why);
    const Certificate certificate(refused.facts);
    const standin::Standin aws(serving(certificate));
    AgentProcess agent(asking(aws, {{"AWS_CA_BUNDLE", authority.certificate_file()}}));
    const Answer answer = agent.get_secret("tls/refused");
    CHECK(answer.status == 502);
    CHECK(member(answer.body, "__type") == "ConnectionError");
    CHECK(answer.body.find(refused.why) != std::string::npos);
    CHECK(aws.records().empty());
    CHECK(agent.stop() == 0);
    CHECK(agent.log().find(refused.why) != std::string::npos);
  }
}

TEST_CASE("an authority is trusted wherever it is named") {
  const Certificate authority;
  const Certificate certificate({.issuer = &authority});
  const TempFolder folder;
  const std::string config =
      folder.write("config", "[default]\nca_bundle = " + authority.certificate_file() + "\n[profile bare]\n");
  standin::Standin aws(serving(certificate));
  aws.put("tls/trusted", "tls-trusted-value");
  for (const Variables& trust :
       {Variables{{"AWS_CA_BUNDLE", authority.certificate_file()}}, Variables{{"AWS_CONFIG_FILE", config}},
        Variables{{"SSL_CERT_FILE", authority.certificate_file()}},
        Variables{{"SSL_CERT_DIR", authority.folder_of_authorities()}}}) {
    CAPTURE(trust.begin()->first);
    AgentProcess agent(asking(aws, trust));
    CHECK(agent.get_secret("tls/trusted").status == 200);
  }
  AgentProcess of_other_profile(asking(aws, {{"AWS_CONFIG_FILE", config}, {"AWS_PROFILE", "bare"}}));
  CHECK(of_other_profile.get_secret("tls/trusted").status == 502);
}

TEST_CASE("a bundle that cannot be read ends the start, whatever else there is to trust") {
  const Certificate authority;
  const TempFolder folder;
  const std::string none = folder.path() / "none.pem";
  const std::string config = folder.write("config", "[default]\nca_bundle = " + none + "\n");
  for (const auto& [name, value] : {std::pair{"AWS_CA_BUNDLE", none}, std::pair{"AWS_CONFIG_FILE", config}}) {
    AgentSettings settings;
    settings.environment = {{name, value},
                            {"SSL_CERT_FILE", authority.certificate_file()},
                            {"AWS_REGION", "us-east-1"},
                            {"SMA_VALIDATE_CREDENTIALS", "false"}};
    const Outcome outcome = run_agent(settings);
    CHECK(outcome.exit_code == 1);
    CHECK(outcome.errors.find(none) != std::string::npos);
    CHECK(outcome.output.empty());
  }
}

TEST_CASE("a replaced bundle counts for the next connection, and nothing that the old one vouched for is used again") {
  const Certificate authority;
  const Certificate stranger;
  const Certificate certificate({.issuer = &authority});
  const TempFolder folder;
  const auto replace = [&](const Certificate& by) {
    std::filesystem::rename(folder.write("new.pem", read_file(by.certificate_file())), folder.path() / "ca.pem");
  };
  replace(stranger);
  standin::Standin aws(serving(certificate));
  aws.put("tls/replaced", "tls-replaced-value");
  AgentProcess agent(asking(aws, {{"AWS_CA_BUNDLE", folder.path() / "ca.pem"}}));
  CHECK(agent.get_secret("tls/replaced", "&refreshNow=1").status == 502);
  replace(authority);
  CHECK(agent.get_secret("tls/replaced", "&refreshNow=1").status == 200);
  // Neither the kept connection nor a TLS session.
  replace(stranger);
  CHECK(agent.get_secret("tls/replaced", "&refreshNow=1").status == 502);
  replace(authority);
  CHECK(agent.get_secret("tls/replaced", "&refreshNow=1").status == 200);
  CHECK(aws.last("GetSecretValue").tls.find("resumed") == std::string::npos);
}

TEST_CASE("a bad replacement of a bundle is a warning, and the bundle before it stays in use") {
  const Certificate authority;
  const Certificate certificate({.issuer = &authority});
  const TempFolder folder;
  const auto replace = [&](const std::string& by) {
    std::filesystem::rename(folder.write("new.pem", by), folder.path() / "ca.pem");
  };
  const std::string good = read_file(authority.certificate_file());
  const std::string broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  replace(good + broken);
  standin::Standin aws(serving(certificate));
  aws.put("tls/bad", "tls-bad-value");
  AgentProcess agent(asking(aws, {{"AWS_CA_BUNDLE", folder.path() / "ca.pem"}}));
  CHECK(agent.get_secret("tls/bad").status == 200);
  CHECK(agent.logs("WARN a certificate authority is ignored"));
  CHECK(agent.logs("PEM block 2, line "));
  for (const std::string& bad : {std::string("no certificate"), broken}) {
    replace(bad);
    aws.drop_connections();
    CHECK(agent.get_secret("tls/bad", "&refreshNow=1").status == 200);
  }
  CHECK(agent.logs("WARN the certificate authorities cannot be read again"));
}

TEST_CASE("a bundle without a good certificate ends the start") {
  const TempFolder folder;
  const std::string good = read_file(Certificate().certificate_file());
  const std::string glued = good.substr(0, good.size() - 1) + good;
  for (const std::string& bad : {glued, std::string("-----BEGIN CERTIFICATE-----\nAAAA\n"), std::string()}) {
    const std::string path = folder.write("ca.pem", bad);
    for (const char* name : {"AWS_CA_BUNDLE", "SSL_CERT_FILE"}) {
      AgentSettings settings;
      settings.environment = {{name, path}, {"AWS_REGION", "us-east-1"}};
      const Outcome outcome = run_agent(settings);
      CHECK(outcome.exit_code == 1);
      CHECK(outcome.errors.find(path) != std::string::npos);
    }
  }
}

TEST_CASE("the post-quantum group is offered first, and a session is resumed on the next connection") {
  const Certificate certificate;
  for (const bool tls_1_2 : {false, true}) {
    CAPTURE(tls_1_2);
    standin::StandinOptions options = serving(certificate);
    options.tls_1_2 = tls_1_2;
    standin::Standin aws(options);
    aws.put("tls/session", "tls-session-value");
    AgentProcess agent(asking(aws, {{"AWS_CA_BUNDLE", certificate.certificate_file()}}));
    CHECK(agent.get_secret("tls/session").status == 200);
    CHECK(aws.last("GetSecretValue").tls_group == "X25519MLKEM768");
    CHECK(aws.last("GetSecretValue").tls == (tls_1_2 ? "TLSv1.2 x25519" : "TLSv1.3 X25519MLKEM768"));
    CHECK(agent.get_secret("tls/session", "&refreshNow=1").status == 200);
    CHECK(aws.connections() == 1);
    aws.drop_connections();
    CHECK(agent.get_secret("tls/session", "&refreshNow=1").status == 200);
    CHECK(aws.last("GetSecretValue").tls.ends_with(" resumed"));
  }
}

TEST_CASE("keys of TLS sessions are written nowhere, whatever the environment asks for") {
  const Certificate certificate;
  standin::Standin aws(serving(certificate));
  aws.put("tls/keys", "tls-keys-value");
  const TempFolder folder;
  const auto key_log = folder.path() / "keys";
  for (const char* const sandbox : {"true", "false"}) {
    AgentProcess agent(asking(
        aws,
        {{"AWS_CA_BUNDLE", certificate.certificate_file()}, {"SSLKEYLOGFILE", key_log}, {"SMA_SANDBOX", sandbox}}));
    CHECK(agent.get_secret("tls/keys").status == 200);
    CHECK_FALSE(std::filesystem::exists(key_log));
  }
}

}  // namespace sma::integration
