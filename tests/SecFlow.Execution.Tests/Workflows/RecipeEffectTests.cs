using SecFlow.Execution.Workflows;

namespace SecFlow.Execution.Tests.Workflows;

/// <summary>Every key of a recipe does something: each row runs workflows through the engine and looks at what the key changed.</summary>
public sealed class RecipeEffectTests(RecipeEffects effects) : IClassFixture<RecipeEffects>
{
    public static TheoryData<string> Keys() => [.. RecipeKeys.All];

    [Theory]
    [MemberData(nameof(Keys))]
    public Task Key_HasItsEffect(string key) => effects.All[key]();

    [Fact]
    public void Table_NamesEveryKey() => effects.All.Keys.ShouldBe(RecipeKeys.All, ignoreOrder: true);
}
