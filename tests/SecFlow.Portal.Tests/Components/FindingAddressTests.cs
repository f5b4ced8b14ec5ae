using SecFlow.Data.Findings;
using SecFlow.Execution.Findings;
using SecFlow.Portal.Components.Pages;

namespace SecFlow.Portal.Tests.Components;

public sealed class FindingAddressTests
{
    [Fact]
    public void Write_ThenRead_IsTheSameQuery()
    {
        var target = Guid.NewGuid();
        var query = new FindingQuery { Severities = [Severity.Critical, Severity.High], Statuses = [FindingStatus.AcceptedRisk], TargetId = target, Text = "a&b=c d", Sort = "-lastSeen", Skip = 50, Take = 25 };

        var address = FindingAddress.Write(query);
        var parts = System.Web.HttpUtility.ParseQueryString(address["findings?".Length..]);
        var read = FindingAddress.Read(parts["severity"], parts["status"], parts["target"], parts["run"], parts["text"], parts["sort"], int.Parse(parts["page"]!), 25);

        FindingAddress.Write(read).ShouldBe(address);
        read.Severities.ShouldBe(query.Severities);
        read.Statuses.ShouldBe(query.Statuses);
        (read.TargetId, read.Text, read.Sort, read.Skip).ShouldBe((target, "a&b=c d", "-lastSeen", 50));
    }

    [Fact]
    public void Write_NoFilter_IsTheBareAddress() => FindingAddress.Write(new FindingQuery()).ShouldBe("findings");

    [Theory]
    [InlineData("urgent", "3", "not-a-guid", "drop table", -5)]
    [InlineData(",,", "open,,7", "", "severity;", int.MaxValue)]
    public void Read_Nonsense_IsLeftOut(string severity, string status, string target, string sort, int page)
    {
        var query = FindingAddress.Read(severity, status, target, null, new string('x', 300), sort, page, 25);

        query.Severities.ShouldBeEmpty();
        query.TargetId.ShouldBeNull();
        query.Sort.ShouldBe("severity");
        query.Text!.Length.ShouldBe(200);
        query.Skip.ShouldBeInRange(0, 100_000 * 25);
    }
}
