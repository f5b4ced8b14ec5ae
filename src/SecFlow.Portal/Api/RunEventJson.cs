using System.Text.Json;
using System.Text.Json.Nodes;
using SecFlow.Data.Runs;
using SecFlow.Portal.Web;

namespace SecFlow.Portal.Api;

/// <summary>One stored event on one line: <c>{seq, time, type, nodeId?, data}</c>.</summary>
public static class RunEventJson
{
    public static string Of(RunEvent stored)
    {
        var json = new JsonObject { ["seq"] = stored.Seq, ["time"] = stored.Time.UtcDateTime, ["type"] = stored.Type };
        if (stored.NodeId is not null)
        {
            json["nodeId"] = stored.NodeId;
        }

        json["data"] = JsonNode.Parse(stored.Data);
        return json.ToJsonString(new JsonSerializerOptions(ApiJson.Written) { WriteIndented = false });
    }
}
