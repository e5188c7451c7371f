import type { Facts } from "../../lib/heartbeat/beat.ts";

/** What MCGalaxy told in the recorded heartbeat, with a salt of its kind. */
export const RECORDED_FACTS: Facts = {
  port: 25599,
  max: 16,
  name: "RealServer",
  public: false,
  salt: "wo6kVAHjxoJcInKx4bhJ8lSLzOPKBgvT",
  users: 0,
  software: "MCGalaxy 1.9.5.3",
  web: true,
};

/** The body of the recorded heartbeat. */
export const RECORDED_BODY = "&port=25599&max=16&name=RealServer&public=False&version=7" +
  "&salt=wo6kVAHjxoJcInKx4bhJ8lSLzOPKBgvT&users=0&software=MCGalaxy%201.9.5.3&web=True";
