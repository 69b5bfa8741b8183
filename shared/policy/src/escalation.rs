//! Ways from a few permissions to all of them.
//!
//! Sources: Rhino Security Labs, "AWS IAM Privilege Escalation – Methods and Mitigation" (the first 21, by the names
//! that are in use for them), and the combinations published since, of which those that depend on what happens to exist
//! in the account are marked.

/// A set of actions that, together, give their holder the permissions of somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// What it takes, in lower case.
    pub actions: &'static [&'static str],
    /// Whether it needs something that must already be there: an instance with a role, a function, a project.
    pub needs_target: bool,
}

const fn method(name: &'static str, actions: &'static [&'static str]) -> Method {
    Method { name, actions, needs_target: false }
}

const fn targeted(name: &'static str, actions: &'static [&'static str]) -> Method {
    Method { name, actions, needs_target: true }
}

const PASS: &str = "iam:passrole";

/// The 21 of Rhino Security Labs.
pub const RHINO: [Method; 21] = [
    method("CreateNewPolicyVersion", &["iam:createpolicyversion"]),
    method("SetExistingDefaultPolicyVersion", &["iam:setdefaultpolicyversion"]),
    method("CreateEC2WithExistingIP", &[PASS, "ec2:runinstances"]),
    method("CreateAccessKey", &["iam:createaccesskey"]),
    method("CreateLoginProfile", &["iam:createloginprofile"]),
    method("UpdateLoginProfile", &["iam:updateloginprofile"]),
    method("AttachUserPolicy", &["iam:attachuserpolicy"]),
    method("AttachGroupPolicy", &["iam:attachgrouppolicy"]),
    method("AttachRolePolicy", &["iam:attachrolepolicy"]),
    method("PutUserPolicy", &["iam:putuserpolicy"]),
    method("PutGroupPolicy", &["iam:putgrouppolicy"]),
    method("PutRolePolicy", &["iam:putrolepolicy"]),
    method("AddUserToGroup", &["iam:addusertogroup"]),
    method("UpdateRolePolicyToAssumeIt", &["iam:updateassumerolepolicy"]),
    method("PassExistingRoleToNewLambdaThenInvoke", &[PASS, "lambda:createfunction", "lambda:invokefunction"]),
    method(
        "PassExistingRoleToNewLambdaThenTriggerWithExistingDynamo",
        &[PASS, "lambda:createfunction", "lambda:createeventsourcemapping"],
    ),
    method("EditExistingLambdaFunctionWithRole", &["lambda:updatefunctioncode"]),
    method("PassExistingRoleToNewGlueDevEndpoint", &[PASS, "glue:createdevendpoint"]),
    method("UpdateExistingGlueDevEndpoint", &["glue:updatedevendpoint"]),
    method("PassExistingRoleToCloudFormation", &[PASS, "cloudformation:createstack"]),
    method("PassExistingRoleToNewDataPipeline", &[PASS, "datapipeline:createpipeline"]),
];

/// Combinations published since.
pub const LATER: [Method; 41] = [
    method("PassRoleToNewEcsTask", &[PASS, "ecs:registertaskdefinition", "ecs:runtask"]),
    method(
        "PassRoleToNewEcsTaskOnOwnCluster",
        &[PASS, "ecs:createcluster", "ecs:registertaskdefinition", "ecs:runtask"],
    ),
    method("PassRoleToNewEcsService", &[PASS, "ecs:registertaskdefinition", "ecs:createservice"]),
    method("PassRoleToEcsTaskStart", &[PASS, "ecs:registertaskdefinition", "ecs:starttask"]),
    targeted("ExecuteCommandInEcsTask", &["ecs:executecommand"]),
    method("PassRoleToNewCodeBuildProject", &[PASS, "codebuild:createproject", "codebuild:startbuild"]),
    method("PassRoleToNewCodeBuildBatch", &[PASS, "codebuild:createproject", "codebuild:startbuildbatch"]),
    targeted("StartExistingCodeBuildProject", &["codebuild:startbuild"]),
    targeted("UpdateExistingCodeBuildProject", &["codebuild:updateproject", "codebuild:startbuild"]),
    method(
        "PassRoleToNewSageMakerNotebook",
        &[PASS, "sagemaker:createnotebookinstance", "sagemaker:createpresignednotebookinstanceurl"],
    ),
    targeted("PresignExistingSageMakerNotebook", &["sagemaker:createpresignednotebookinstanceurl"]),
    method("PassRoleToSageMakerTrainingJob", &[PASS, "sagemaker:createtrainingjob"]),
    method("PassRoleToSageMakerProcessingJob", &[PASS, "sagemaker:createprocessingjob"]),
    targeted(
        "NotebookLifecycleConfiguration",
        &["sagemaker:createnotebookinstancelifecycleconfig", "sagemaker:updatenotebookinstance"],
    ),
    method("PassRoleToNewGlueJob", &[PASS, "glue:createjob", "glue:startjobrun"]),
    method("PassRoleToNewGlueTrigger", &[PASS, "glue:createjob", "glue:createtrigger"]),
    targeted("UpdateExistingGlueJob", &[PASS, "glue:updatejob", "glue:startjobrun"]),
    method("PassRoleToNewAppRunnerService", &[PASS, "apprunner:createservice"]),
    targeted("UpdateExistingAppRunnerService", &["apprunner:updateservice"]),
    method(
        "PassRoleToNewBedrockCodeInterpreter",
        &[
            PASS,
            "bedrock-agentcore:createcodeinterpreter",
            "bedrock-agentcore:startcodeinterpretersession",
            "bedrock-agentcore:invokecodeinterpreter",
        ],
    ),
    targeted(
        "InvokeExistingBedrockCodeInterpreter",
        &["bedrock-agentcore:startcodeinterpretersession", "bedrock-agentcore:invokecodeinterpreter"],
    ),
    targeted("SendCommandToInstance", &["ssm:sendcommand"]),
    targeted("StartSessionOnInstance", &["ssm:startsession"]),
    method("PassRoleToSsmAutomation", &[PASS, "ssm:startautomationexecution"]),
    method("PassRoleToNewStateMachine", &[PASS, "states:createstatemachine", "states:startexecution"]),
    targeted("UpdateExistingStateMachine", &["states:updatestatemachine", "states:startexecution"]),
    method("PassRoleToNewBatchJob", &[PASS, "batch:registerjobdefinition", "batch:submitjob"]),
    method("PassRoleToNewEmrCluster", &[PASS, "elasticmapreduce:runjobflow"]),
    method("PassRoleToNewEc2Fleet", &[PASS, "ec2:createlaunchtemplate", "ec2:createfleet"]),
    method("PassRoleToSpotInstance", &[PASS, "ec2:requestspotinstances"]),
    targeted("ReplaceInstanceProfile", &[PASS, "ec2:associateiaminstanceprofile"]),
    targeted("ModifyInstanceUserData", &["ec2:modifyinstanceattribute", "ec2:stopinstances", "ec2:startinstances"]),
    targeted("ConnectToInstance", &["ec2-instance-connect:sendsshpublickey"]),
    method("LambdaWithPermission", &[PASS, "lambda:createfunction", "lambda:addpermission"]),
    targeted("UpdateFunctionConfigurationLayer", &["lambda:updatefunctionconfiguration"]),
    targeted("UpdateStackWithRole", &["cloudformation:updatestack"]),
    targeted("ChangeSetWithRole", &["cloudformation:createchangeset", "cloudformation:executechangeset"]),
    method("PassRoleToStackSet", &[PASS, "cloudformation:createstackset", "cloudformation:createstackinstances"]),
    method("PutPermissionSetPolicy", &["sso:putinlinepolicytopermissionset", "sso:createaccountassignment"]),
    method("DeleteRolePermissionsBoundary", &["iam:deleterolepermissionsboundary"]),
    method("DeleteUserPermissionsBoundary", &["iam:deleteuserpermissionsboundary"]),
];

/// Every action that a method names.
pub(crate) fn every_action() -> impl Iterator<Item = &'static str> {
    RHINO.iter().chain(&LATER).flat_map(|method| method.actions).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_action_has_a_place() {
        for action in every_action() {
            assert!(Catalogue::get().place(action).is_some(), "{action}");
        }
    }

    #[test]
    fn names_are_told_apart() {
        let mut names: Vec<_> = RHINO.iter().chain(&LATER).map(|method| method.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RHINO.len() + LATER.len());
    }
}
