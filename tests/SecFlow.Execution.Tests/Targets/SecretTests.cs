using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using SecFlow.Data;
using SecFlow.Data.Audit;
using SecFlow.Data.Targets;
using SecFlow.Data.Teams;
using SecFlow.Execution.Diagnostics;
using SecFlow.Execution.Targets;
using SecFlow.TestKit;

namespace SecFlow.Execution.Tests.Targets;

/// <summary>Secrets: encrypted where they lie, given to nobody but a plugin, taken out of what a run says.</summary>
public sealed class SecretTests
{
    private const string Value = "hunter2-\"correct horse\"-päss";

    [DatabaseData]
    public async Task Set_RotateDelete_IsEncryptedAndAuditedByName(DatabaseKind kind)
    {
        await using var world = await TargetWorld.CreateAsync(kind);
        var target = await world.Service.AddAsync(world.Admin, new NewTarget("shop", TargetKind.Host, "shop.example", "ticket 1", null), default);

        await world.Secrets.SetAsync(world.Admin, target.Id, "api-token", Value, default);
        var rotated = await world.Secrets.SetAsync(world.Admin, target.Id, "api-token", Value + "2", default);
        await world.Secrets.SetAsync(world.Admin, null, "api-token", Value + "3", default);

        (rotated.Revision, rotated.SetBy).ShouldBe((2, "ada"));
        var rows = await world.Secrets.ListAsync(world.Admin, default);
        rows.Select(row => row.TargetId).ShouldBe([null, target.Id], ignoreOrder: true);
        foreach (var row in rows)
        {
            row.Protected.ShouldNotContain("hunter2");
            Encoding.UTF8.GetString(Convert.FromBase64String(Pad(row.Protected))).ShouldNotContain("hunter2");
        }

        await world.Secrets.DeleteAsync(world.Admin, target.Id, "api-token", default);
        (await Should.ThrowAsync<SecFlowException>(() => world.Secrets.DeleteAsync(world.Admin, target.Id, "api-token", default))).Code.ShouldBe(Codes.NotFound);
        foreach (var action in new[] { "set.secret", "rotate.secret", "delete.secret" })
        {
            var events = await world.EventsAsync(action);
            events.ShouldNotBeEmpty(action);
            events.ShouldAllBe(e => !Encoding.UTF8.GetString(e.Canonical).Contains("hunter2", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("", Value)]
    [InlineData("Token", Value)]
    [InlineData("../x", Value)]
    [InlineData("token", "abc")]
    [InlineData("token", "      ")]
    [InlineData("token", "a\0bcd")]
    [InlineData("token", null)]
    public async Task Set_BadNameOrValue_IsRefusedWithoutSayingTheValue(string name, string? value)
    {
        await using var world = await TargetWorld.CreateAsync();

        var refused = await Should.ThrowAsync<SecFlowException>(() => world.Secrets.SetAsync(world.Admin, null, name, value, default));

        refused.Code.ShouldBe(Codes.SecretInvalid);
        refused.Message.ShouldNotContain("hunter2");
    }

    [Fact]
    public async Task Secrets_OfOthers_AreNotThere()
    {
        await using var world = await TargetWorld.CreateAsync();
        var target = await world.Service.AddAsync(world.Admin, new NewTarget("shop", TargetKind.Host, "shop.example", "ticket 1", null), default);
        await world.Secrets.SetAsync(world.Admin, target.Id, "token", Value, default);
        var stranger = await world.StrangerAsync();
        var analyst = world.Admin with { Role = TeamRole.Analyst };

        (await world.Secrets.ListAsync(stranger, default)).ShouldBeEmpty();
        (await Should.ThrowAsync<SecFlowException>(() => world.Secrets.SetAsync(stranger, target.Id, "token", Value, default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => world.Secrets.DeleteAsync(stranger, target.Id, "token", default))).Code.ShouldBe(Codes.NotFound);
        (await Should.ThrowAsync<SecFlowException>(() => world.Secrets.ListAsync(analyst, default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => world.Secrets.SetAsync(analyst, null, "token", Value, default))).Code.ShouldBe(Codes.RoleMissing);
        (await Should.ThrowAsync<SecFlowException>(() => world.Secrets.ListAsync(world.Admin with { Scopes = ["targets:write"] }, default))).Code.ShouldBe(Codes.TokenScopeMissing);
        (await world.Reader.FindAsync(stranger.TeamId, [ScopedTarget.Of(target)], "token", default)).ShouldBeEmpty();
        await world.Service.ArchiveAsync(world.Admin, target.Id, default);
        (await Should.ThrowAsync<SecFlowException>(() => world.Secrets.SetAsync(world.Admin, target.Id, "token", Value, default))).Code.ShouldBe(Codes.Conflict);
    }

    [Fact]
    public async Task Read_OfTargetsAndTeam_GivesTheOneThatIsMeant()
    {
        await using var world = await TargetWorld.CreateAsync();
        var one = ScopedTarget.Of(await world.Service.AddAsync(world.Admin, new NewTarget("one", TargetKind.Host, "one.example", "ticket 1", null), default));
        var two = ScopedTarget.Of(await world.Service.AddAsync(world.Admin, new NewTarget("two", TargetKind.Host, "two.example", "ticket 1", null), default));
        await world.Secrets.SetAsync(world.Admin, one.Id, "token", "of-one", default);
        await world.Secrets.SetAsync(world.Admin, null, "token", "of-team", default);

        (await ReadAsync(world, [one])).ShouldBe("of-one");
        (await ReadAsync(world, [two])).ShouldBe("of-team");
        (await ReadAsync(world, [one, two], "one")).ShouldBe("of-one");
        (await ReadAsync(world, [one, two], two.Id.ToString())).ShouldBe("of-team", "another target's own one never goes to it");
        (await Should.ThrowAsync<SecFlowException>(() => ReadAsync(world, [one, two]))).Message.ShouldContain("ctx.targets[i].id");
        (await Should.ThrowAsync<SecFlowException>(() => ReadAsync(world, [one], "two"))).Code.ShouldBe(Codes.RequestInvalid);
        (await world.EventsAsync("read.secret")).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Read_OfARowThatWasMovedInTheDatabase_IsRefused()
    {
        await using var world = await TargetWorld.CreateAsync();
        await world.Secrets.SetAsync(world.Admin, null, "token", Value, default);
        await world.Database.WriteAsync(write => write.Db.TargetSecrets.ExecuteUpdateAsync(set => set.SetProperty(row => row.Name, "other")));

        (await Should.ThrowAsync<SecFlowException>(() => ReadAsync(world, [], name: "other"))).Code.ShouldBe(Codes.SecretNotSet);
        (await world.EventsAsync("read.secret")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("it is " + Value + ".", "it is [secret t].")]
    [InlineData("nothing", "nothing")]
    public void Redact_Text_HidesTheValue(string text, string expected) => Values().Redact(text).ShouldBe(expected);

    [Fact]
    public void Redact_EncodedForms_AreHiddenToo()
    {
        var values = Values();
        foreach (var prefix in new[] { "", "u:", "us:" })
        {
            var basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(prefix + Value + "&more"));
            var hidden = values.Redact(basic);
            hidden.ShouldContain("[secret t]");
            hidden.Length.ShouldBeLessThan(40);
        }

        foreach (var form in new[] { Uri.EscapeDataString(Value), System.Net.WebUtility.UrlEncode(Value), System.Net.WebUtility.HtmlEncode(Value), JsonValue.Create(Value).ToJsonString().Trim('"') })
        {
            values.Redact("x=" + form + "&y").ShouldBe("x=[secret t]&y");
        }

        values.Add("key", "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG9w0\nAQEFAASCAUAwggE8AgEAAkEA\n-----END KEY-----");
        values.Redact("line AQEFAASCAUAwggE8AgEAAkEA end").ShouldBe("line [secret key] end");
    }

    [Fact]
    public void Redact_Records_KeepsTheRest()
    {
        var values = Values();
        var record = new JsonObject { ["evidence"] = new JsonObject { ["request"] = $"GET /?t={Value}", ["n"] = 7 }, ["list"] = new JsonArray("a", Value), [Value] = true, ["same"] = new JsonObject { ["x"] = 1 } };

        values.Redact(record)!.ToJsonString().ShouldBe("{\"evidence\":{\"request\":\"GET /?t=[secret t]\",\"n\":7},\"list\":[\"a\",\"[secret t]\"],\"[secret t]\":true,\"same\":{\"x\":1}}");
        var plain = new JsonObject { ["a"] = "b" };
        values.Redact((JsonNode)plain).ShouldBeSameAs(plain);
        new SecretValues().Redact((JsonNode)record).ShouldBeSameAs(record);
    }

    private static SecretValues Values()
    {
        var values = new SecretValues();
        values.Add("t", Value);
        return values;
    }

    private static async Task<string> ReadAsync(TargetWorld world, ScopedTarget[] targets, string? asked = null, string name = "token") =>
        await world.Reader.ReadAsync(await world.Reader.FindAsync(world.Admin.TeamId, targets, name, default), targets, name, asked, new AuditEntry(world.Admin, "read.secret", "", "", ""), default);

    private static string Pad(string base64Url) => base64Url.Replace('-', '+').Replace('_', '/').PadRight((base64Url.Length + 3) / 4 * 4, '=');
}
